"""Recognizers, agents and voices from outside: as objects, classes, `module:Class`, and entry points."""

import pytest
from typer.testing import CliRunner

import voicelab
from tests.support.own_engines import FIRST_WORD, Hum, Nothing, Parrot, Terse
from tests.support.sample_sets import samples_folder
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.cli.main import app
from voicelab.engines import outside
from voicelab.errors import InputError
from voicelab.report import page

PARROT = "tests.support.own_engines:Parrot"


@pytest.fixture(autouse=True)
def _no_pictures(monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])


def evaluate(out, **options):
    return voicelab.evaluate(samples_folder(), out, limit=1, **{"tts": "fake", **options})


def test_objects_classes_and_names_are_heard_alike(tmp_path):
    class Cell(Parrot):
        """As in a notebook cell: no other process can import it."""

    given = [Parrot(), Parrot, PARROT, f"{PARROT}:times=2", Cell]
    runs = [evaluate(tmp_path, asr=one, agent=Terse, tts=Hum()) for one in given]
    heard = [run.turns["heard"].iloc[0] for run in runs]
    said = "what is the price of apple"
    assert heard == [said, said, said, f"{said} {said}", said]
    assert [run.turns["answer"].iloc[0] for run in runs] == ["Yes."] * 5
    names = [next(engine.name for engine in run.result.engines if engine.kind == "asr") for run in runs]
    assert names[1:4] == [PARROT] * 3
    assert names[0].startswith("object:tests.support.own_engines.Parrot")
    assert "Cell" in names[4]
    options = [next(engine.options for engine in run.result.engines if engine.kind == "asr") for run in runs]
    assert options[3]["times"] == 2
    revisions = {engine.revision for run in runs for engine in run.result.engines if engine.kind == "asr"}
    assert all(one.startswith("source ") or one == "no source" for one in revisions)
    assert runs[0].summary["action_changes"].n == 1, "the agent is asked again, as a shipped one is"


def test_the_command_line_takes_the_same_names(tmp_path):
    arguments = ["evaluate", "--in-process", "--limit", "1", "--tts", "fake", "--out", str(tmp_path), "--run-id", "r"]
    done = CliRunner().invoke(app, [*arguments, "--samples", str(samples_folder()), "--asr", f"{PARROT}:times=2"])
    assert done.exit_code == 0, done.output
    assert voicelab.load_run(tmp_path / "r").turns["heard"].iloc[0].count("apple") == 2


def test_a_server_of_the_run_imports_the_class(tmp_path, monkeypatch):
    module = tmp_path / "own_lab_module.py"
    module.write_text("from tests.support.own_engines import Parrot\n\n\nclass Lab(Parrot):\n    pass\n")
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{samples_folder().parents[1]}")
    monkeypatch.syspath_prepend(str(tmp_path))
    run = evaluate(tmp_path, asr="own_lab_module:Lab", agent="fake", target="server")
    assert run.turns["heard"].iloc[0] == "what is the price of apple"
    assert next(engine.name for engine in run.result.engines) == "own_lab_module:Lab"


def test_what_cannot_travel_says_so(tmp_path):
    with pytest.raises(InputError, match=r"exists in this process only.*use target='in-process', or put the class"):
        evaluate(tmp_path, asr=Parrot(), target="server")
    with pytest.raises(InputError, match=r"was an object of another process; pass it again, as voicelab\.resume"):
        RECOGNIZERS.config("object:gone.Away")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (Nothing, "must be a class with the method `stream`"),
        ("tests.support.own_engines:Nothing", "must be a class with the method `stream`"),
        ("no_such_module:Asr", "cannot be imported"),
        ("tests.support.own_engines:Missing", "has no attribute 'Missing'"),
        (f"{PARROT}:loudness=3", "has no option 'loudness'; its options: text, times"),
        (f"{PARROT}:times=many", "takes a value of type int"),
        ("nobody", "unknown asr engine 'nobody'; known: .*; or your own class: package.module:Class"),
    ],
    ids=str,
)
def test_what_is_no_recognizer_is_refused_with_the_way_out(tmp_path, given, said):
    with pytest.raises(InputError, match=said):
        evaluate(tmp_path, asr=given)


def test_an_installed_package_adds_its_engines(tmp_path, monkeypatch):
    info = tmp_path / "lab-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[voicelab.asr]\nparrot = {PARROT}\nbroken = no_such_module:Asr\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    outside.entry_points.cache_clear()
    try:
        assert RECOGNIZERS.config("parrot:times=3").options["times"] == 3
        listed = CliRunner().invoke(app, ["engines"], env={"COLUMNS": "300"})
        assert (listed.exit_code, "from the package lab" in listed.output) == (0, True)
        with pytest.raises(InputError, match="no_such_module:Asr: cannot be imported"):
            RECOGNIZERS.config("broken")
    finally:
        monkeypatch.undo()
        outside.entry_points.cache_clear()


def test_a_normalizer_as_an_object_and_by_name_scores_alike(tmp_path):
    runs = [
        evaluate(tmp_path, asr="fake:text=how", normalizer=one)
        for one in (FIRST_WORD, "tests.support.own_engines:FIRST_WORD")
    ]
    assert [run.summary["wer"].of for run in runs] == [1, 1]
    assert runs[0].summary["wer"].value == runs[1].summary["wer"].value
    assert [run.result.spec.normalizer for run in runs] == [
        "object:first_word", "tests.support.own_engines:FIRST_WORD",
    ]  # fmt: skip
    with pytest.raises(InputError, match=r"is not a voicelab\.text\.Normalizer"):
        evaluate(tmp_path, normalizer="tests.support.own_engines:Nothing")
    with pytest.raises(InputError, match="was an object of another process"):
        evaluate(tmp_path, normalizer="object:gone")
