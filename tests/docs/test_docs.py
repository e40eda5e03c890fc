"""The examples in the documents work, and their links lead somewhere."""

import re
import subprocess
from pathlib import Path

import pytest

import voicelab
from tests.support.speech import SPEECH
from voicelab import datasets
from voicelab.agent.base import Dialogue, whole
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.engines.spec import Catalog, Entry
from voicelab.runs.records import RunSpec
from voicelab.runs.runner import evaluate
from voicelab.targets.catalog import target_config

PROJECT = Path(__file__).parents[2]
DOCUMENTS = sorted(
    [*PROJECT.glob("*.md"), *PROJECT.glob("docs/**/*.md"), PROJECT / "data/README.md", PROJECT / "reports/README.md"]
)


def blocks(document: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", (PROJECT / document).read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(document):
    for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (document.parent / target).exists(), target


def test_the_api_reference_lists_every_public_name_under_that_name():
    pages = "".join(path.read_text() for path in (PROJECT / "docs/reference/api").glob("*.md"))
    listed = re.findall(r"^\.\. auto\w+:: voicelab\.(\w+)$", pages, re.MULTILINE)
    assert sorted(listed) == voicelab.__all__


def test_the_readmes_python_runs(tmp_path, monkeypatch, capsys):
    (block,) = blocks("README.md", "python")
    monkeypatch.chdir(PROJECT)
    exec(block.replace("limit=6", f"limit=6, out={str(tmp_path)!r}"), {})
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("word error rate (WER)")
    assert re.fullmatch(rf"0\.\d+ {tmp_path}/.*/report\.html", lines[-1])


def test_every_target_of_the_readme_can_be_built():
    written = re.findall(r"--target ([^\s`]+)", (PROJECT / "README.md").read_text())
    assert {spec.partition(":")[0] for spec in written} >= {
        "openai-realtime",
        "rtvi",
        "twilio",
        "map",
        "wyoming",
        "http",
    }
    for spec in written:
        if not spec.startswith("my_agent:"):
            target_config(spec).build()


def test_the_own_recognizer_and_condition_of_the_how_to_page_run(tmp_path, monkeypatch, capsys):
    recognizer, condition, _reader = blocks("docs/how-to/own_components.md", "python")
    monkeypatch.chdir(PROJECT)
    exec(recognizer.replace("limit=4", f"limit=1, out={str(tmp_path)!r}"), {"__name__": "__main__"})
    assert float(capsys.readouterr().out) > 0.5
    space = {"__name__": "__main__"}
    exec(condition.replace("limit=1", f"limit=1, out={str(tmp_path)!r}"), space)
    assert set(space["run"].turns["condition"]) == {"Quieter"}


def test_the_example_engine_keeps_the_contract():
    block, _ = blocks("docs/reference/engines.md", "python")
    space = {"__name__": "example"}
    exec(block, space)
    engine = space["Counting"](unit="s")
    assert engine.load().name == "counting"
    stream = engine.stream()
    stream.feed(SPEECH.clip().at_rate(SPEECH_RATE_HZ))
    assert stream.finish().text == "3 s"
    stream.close()


def test_the_example_target_can_be_measured(tmp_path):
    (block,) = blocks("docs/reference/targets.md", "python")
    space = {"__name__": "example"}
    exec(block, space)
    spec = RunSpec(samples=str(PROJECT / "data/voice_samples"), limit=1)
    folder, run = evaluate(spec, tmp_path, target=space["Beeper"]())
    assert run.status == "finished"
    assert [(turn.answer, turn.recording_file is not None) for turn in folder.turns()] == [("beep", True)]


def test_the_example_agent_writes_its_reply():
    _, block = blocks("docs/reference/engines.md", "python")
    space = {"__name__": "example"}
    exec(block, space)
    agent = space["Patient"]()
    assert agent.load().kind == "agent"
    assert next(agent.respond("hello", Dialogue())) == "One moment. "
    assert whole(agent.respond("hello", Dialogue())).text == "One moment. I heard 5 letters."


def test_the_example_line_of_a_table_is_one():
    (line,) = [block for block in blocks("docs/reference/engines.md", "text") if "Entry(" in block]
    table = eval("{" + line + "}", {"Entry": Entry})
    assert isinstance(Catalog("asr", table).entries["counting"], Entry)


def test_the_example_set_is_one(tmp_path):
    (block,) = blocks("docs/reference/samples.md", "json")
    (tmp_path / "voice_samples.json").write_text(block)
    (tmp_path / "audio").mkdir()
    (tmp_path / "audio" / "news_nvda_latest.ogg").write_bytes(SPEECH.audio_bytes())
    found = datasets.load(tmp_path)
    assert found.scenario("one_turn").turns[0].clip().duration_s == pytest.approx(2.68)


def test_make_lists_its_targets_and_the_readme_names_no_others():
    listed = subprocess.run(["make", "-C", str(PROJECT)], capture_output=True, text=True, check=True).stdout
    targets = set(re.findall(r"make ([a-z-]+)", listed))
    assert {"eval", "test", "run-server", "lab", "check", "clean"} <= targets
    for document in DOCUMENTS:
        code = "\n".join(re.findall(r"^```sh\n(.*?)^```", document.read_text(), re.DOTALL | re.MULTILINE))
        assert set(re.findall(r"\bmake ([a-z-]+)", code)) <= targets, document


def test_nothing_names_a_machine():
    """Paths of one machine and registries' hosts have no place in the project."""
    tracked = subprocess.run(
        ["git", "-C", str(PROJECT), "ls-files"], capture_output=True, text=True, check=False
    ).stdout
    suspicious = re.compile(r"/(?:root|home|work|tmp/lab)/|pypi\.|/opt/")
    for name in tracked.split():
        path = PROJECT / name
        if path.suffix in {".py", ".md", ".toml", ".txt", ".ipynb", ".json", ".html", ".j2"} or path.name == "Makefile":
            if path == Path(__file__):
                continue
            found = suspicious.search(path.read_text(encoding="utf-8"))
            assert found is None, f"{name}: {found[0] if found else ''}"
