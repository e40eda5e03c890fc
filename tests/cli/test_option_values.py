"""Any value of any option gives a sentence and an exit code, never a traceback."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tests.support.command_line import voicelab
from tests.support.sample_sets import write_set
from voicelab.analysis.bench.server.bench import PARTS
from voicelab.cli.main import app
from voicelab.errors import InputError, VoicelabError
from voicelab.report import page
from voicelab.runs import runner
from voicelab.runs.notebook import run_spec
from voicelab.runs.records import CodeState, RunResult, RunSpec, now

NUMERIC = (int, float, list[int], list[float])
VALUES = ("nan", "inf", "", "-1", "99999999999999999999999", "/no/such/path", "🦜")
LIMIT_S = 60
_IMPORTERS = ("voicelab.analysis.audit.audit", "voicelab.analysis.roundtrip")
"""The modules that import `hear` by name."""
_WORKERS = (
    ("voicelab.analysis.listening", "SoundQualityModels"),
    ("voicelab.analysis.cross.crossing", "cross"),
    ("voicelab.analysis.bench.tts", "measure"),
    ("voicelab.analysis.bench.asr", "measure"),
    ("voicelab.analysis.bench.replay", "classified"),
    ("voicelab.analysis.bench.server.response", "utterances"),
    ("voicelab.analysis.bench.vad", "cost"),
    ("voicelab.analysis.bench.words", "bench_words"),
    ("voicelab.asr.sensevoice.random_weights", "make_random_sensevoice"),
    ("voicelab.engines.weights.hubs", "_from_modelscope"),
    ("voicelab.engines.weights.hubs", "_from_huggingface"),
)
"""What would take long, or ask other machines, once all options are checked."""


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command with its words."""
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))
    if not hasattr(command, "commands"):
        yield path, command


COMMAND = typer.main.get_command(app)
COMMANDS = dict(commands(COMMAND))


@pytest.fixture(scope="module")
def material(tmp_path_factory) -> dict[str, str]:
    """A set, two finished runs on it, and a table of transcripts."""
    folder = tmp_path_factory.mktemp("material")
    path = write_set(folder)
    spec = RunSpec(samples=str(path), asr="fake", agent="rules", tts="fake", target="in-process", draws=100)
    for name in "ab":
        page.write(runner.evaluate(spec, folder, run_id=name)[0])
    (folder / "reference.trn").write_text("one two (a_1)\n")
    (folder / "fixes.csv").write_text("id,text\na,hello there\n")
    (folder / "pairs.jsonl").write_text('{"entity": "AAPL", "text": "apple", "found": true}\n')
    return {"set": str(path), "a": str(folder / "a"), "b": str(folder / "b"), "folder": str(folder)}


@pytest.fixture
def cheap(monkeypatch):
    """Replace functions that take long or access the network; the replacements report the call and exit."""

    def stubbed(*_: object, **__: object) -> Any:
        raise VoicelabError("stubbed: here the work would begin")

    async def stubbed_async(*_: object, **__: object) -> Any:
        stubbed()

    # A module first imported while a name is stubbed would keep the stub for later tests.
    for module, name in _WORKERS:
        monkeypatch.setattr(import_module(module), name, stubbed)
    for importer in _IMPORTERS:
        import_module(importer)
        monkeypatch.setattr(f"{importer}.hear", stubbed)
    monkeypatch.setattr("typer.testing._get_command", lambda _: COMMAND)  # it would be rebuilt for each call
    monkeypatch.setattr(runner, "_all", stubbed_async)
    for where in ("voicelab.runs.notebook.execute", "voicelab.pipeline.transcribe.hear", "httpx.Client.send"):
        monkeypatch.setattr(where, stubbed)
    for name, part in PARTS.items():
        monkeypatch.setitem(PARTS, name, part._replace(run=stubbed_async))


def base(path: tuple[str, ...], material: dict[str, str]) -> list[str]:
    """Arguments with which the command works."""
    given = {
        ("evaluate",): ["--samples", material["set"], "--asr", "fake", "--tts", "fake", "--in-process"],
        ("sweep",): ["--samples", material["set"], "--asr", "fake", "--tts", "fake", "--snr", "10"],
        ("report",): [material["a"]],
        ("samples",): [material["set"]],
        ("compare",): [material["a"], material["b"]],
        ("gate",): [material["a"], "--max", "wer=1"],
        ("power",): [material["a"]],
        ("score",): [f"{material['folder']}/reference.trn"] * 2,
        ("match",): [f"{material['folder']}/pairs.jsonl"],
        ("equivalence",): [material["a"]],
        ("attribute",): [material["a"]],
        ("audit",): [material["a"], material["b"]],
        ("correct",): [material["set"], f"{material['folder']}/fixes.csv"],
        ("roundtrip",): [material["a"], "--asr", "fake"],
        ("listen",): [material["a"], "--asr", "fake"],
        ("cross",): [material["set"], "--tts", "fake,fake:tone_hz=300", "--asr", "fake,fake:text=hello"],
        ("models", "pull"): ["sensevoice"],
        ("models", "path"): ["sensevoice"],
        ("bench", "endpoint"): ["--samples", material["set"], "--turn-end", "silence"],
        ("bench", "asr"): ["--asr", "fake", "--samples", material["set"]],
        ("bench", "tts"): ["--tts", "fake", "--texts", f"{material['folder']}/reference.trn"],
        ("bench", "response"): ["--samples", material["set"]],
        ("bench", "words"): ["--pairs", "20"],
        ("bench", "vad"): ["--streams", "1", "--seconds", "1"],
        ("runs", "show"): ["a"],
        ("runs", "rm"): ["a"],
        ("runs", "log"): ["a"],
    }
    return given.get(path, [])


def cases(path: tuple[str, ...], material: dict[str, str]) -> Iterator[list[str]]:
    """Run the command with each value in each option and argument."""
    for parameter in COMMANDS[path].params:
        if parameter.name == "help" or getattr(parameter, "is_flag", False):
            continue
        for value in VALUES:
            if parameter.param_type_name == "option":
                yield [*path, *base(path, material), f"{parameter.opts[-1]}={value}"]
            else:
                yield [*path, "--", value]


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_any_value_of_any_option_is_answered_with_a_sentence(path, material, cheap, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    bad = []
    for arguments in cases(path, material):
        before = signal.signal(signal.SIGALRM, _too_long)
        signal.alarm(LIMIT_S)
        try:
            done = voicelab(*arguments)
        finally:
            signal.alarm(0)
            signal.signal(signal.SIGALRM, before)
        if done.exception is not None and not isinstance(done.exception, SystemExit):
            bad.append(f"{arguments[-2:]}: {done.exception!r}")
        elif (
            done.exit_code not in (0, 1, 2)
            or "Traceback" in done.output
            or (done.exit_code and not done.output.strip())
        ):
            bad.append(f"{arguments[-2:]}: exit code {done.exit_code}: {done.output[-300:]}")
        elif arguments[-1].endswith(("=", "= ")) and done.exit_code != 2:
            bad.append(f"{arguments[-1]}: an empty option was taken")
        elif done.exit_code != 2 and _is_no_number(path, arguments[-1]):
            bad.append(f"{arguments[-1]}: was taken as a number, exit code {done.exit_code}")
    assert not bad, "\n".join(bad)


def _is_no_number(path: tuple[str, ...], argument: str) -> bool:
    """Return whether a numeric option gets anything but a finite number."""
    option, _, value = argument.partition("=")
    numbers = {
        name
        for parameter in COMMANDS[path].params
        if parameter.type_descriptor.annotation in NUMERIC
        for name in parameter.opts
    }
    return option in numbers and value in ("nan", "inf", "/no/such/path", "🦜")


def test_the_test_knows_the_options_that_take_numbers():
    assert _is_no_number(("evaluate",), "--seed=nan")
    assert _is_no_number(("bench", "vad"), "--seconds=🦜")
    assert not _is_no_number(("evaluate",), "--run-id=nan")


def _too_long(*_: object) -> None:
    raise TimeoutError("it took too long")


NUMBERS = st.one_of(st.integers(), st.floats(), st.sampled_from([0, 1, -1, 2**63, 1e300]))
TEXTS = st.text(st.characters(exclude_categories=()), max_size=8)


@settings(max_examples=100, deadline=None)
@given(
    values=st.fixed_dictionaries(
        {"samples": TEXTS},
        optional={
            "asr": st.none() | TEXTS, "target": TEXTS, "categories": st.lists(TEXTS, max_size=2).map(tuple),
            "seed": NUMBERS, "draws": NUMBERS, "limit": st.none() | NUMBERS, "timeout_s": NUMBERS,
            "reconnect_for_s": NUMBERS,
        },
    )
)  # fmt: skip
def test_every_spec_that_is_accepted_can_be_read_back(values):
    try:
        spec = RunSpec(**values)
    except ValidationError:
        return
    run = RunResult(
        run_id="r", status="running", spec=spec, samples_sha256="", planned_turns=1,
        code=CodeState(commit=None, dirty=None), packages={}, machine={}, started_at=now(),
    )  # fmt: skip
    assert RunResult.model_validate_json(run.model_dump_json().encode()) == run


@pytest.mark.parametrize(
    "changes", [{"seed": -1}, {"timeout_s": float("inf")}, {"limit": 0}, {"samples": ""}, {"draws": 10**9}]
)
def test_python_and_notebooks_refuse_what_the_command_line_refuses(changes, tmp_path, material):
    spec = RunSpec(samples=material["set"], asr="fake", agent="fake", tts="fake", target="in-process")
    (name,) = changes
    with pytest.raises(InputError, match=name):
        runner.evaluate(spec.model_copy(update=changes), tmp_path, run_id="r")
    assert not (tmp_path / "r").exists()
    if changes != {"samples": ""}:  # in a notebook that is the shipped set
        with pytest.raises(InputError, match=f"parameter {name}"):
            run_spec(**{"samples": material["set"]} | changes)


@pytest.mark.parametrize("arguments", [["evaluate", "--url", ""], ["power", "r", "--alpha", "inf"], ["report", "🦜"]])
def test_a_process_ends_with_one_sentence(arguments):
    """As a shell sees it."""
    command = [sys.executable, "-m", "voicelab", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
