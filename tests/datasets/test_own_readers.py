"""Readers from outside the package: by name, as an object, and installed."""

import pytest
from typer.testing import CliRunner

import voicelab
from tests.support import own_reader
from tests.support.sample_sets import write_set
from voicelab.cli.main import app
from voicelab.datasets import load
from voicelab.engines import outside
from voicelab.errors import InputError
from voicelab.report import page

READ = "tests.support.own_reader:read"


@pytest.fixture
def bars(tmp_path):
    write_set(tmp_path)
    file = tmp_path / "dev.bars"
    file.write_text("a.ogg|hello\na.ogg|good day\n")
    return file


def test_a_name_and_an_object_read_the_same_samples(bars):
    named, given = load(f"{READ}:{bars}"), load(bars, reader=own_reader.read)
    assert [(one.id, one.text) for one in named] == [("dev-1", "hello"), ("dev-2", "good day")]
    assert named.samples == given.samples
    assert named.is_as_stored()
    assert not given.is_as_stored()


def test_a_run_finds_the_set_again_by_its_name(bars, tmp_path, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    arguments = ["evaluate", "--in-process", "--asr", "fake", "--tts", "fake", "--out", str(tmp_path / "runs")]
    done = CliRunner().invoke(app, [*arguments, "--run-id", "r", "--samples", f"{READ}:{bars}"])
    assert done.exit_code == 0, done.output
    run = voicelab.load_run(tmp_path / "runs/r")
    assert run.result.spec.samples == f"{READ}:{bars}"
    assert "dev-2" in run.listen("dev-2")._repr_html_()
    kept = voicelab.evaluate(load(bars, reader=own_reader.read), tmp_path / "runs", asr="fake", tts="fake")
    assert kept.result.samples_sha256 == run.result.samples_sha256
    assert kept.result.spec.samples.endswith("samples/voice_samples.json")


def test_an_installed_reader_has_a_name_and_endings(bars, tmp_path, monkeypatch):
    info = tmp_path / "lab-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: lab\nVersion: 1\n")
    (info / "entry_points.txt").write_text(f"[voicelab.readers]\nbars = {READ}\n")
    with pytest.raises(InputError, match="is not a sample set"):
        load(bars)
    monkeypatch.syspath_prepend(str(tmp_path))
    outside.entry_points.cache_clear()
    try:
        assert load(f"bars:{bars}").samples == load(bars).samples
        assert len(load(write_set(tmp_path))) == 2, "other formats are read as before"
    finally:
        monkeypatch.undo()
        outside.entry_points.cache_clear()


@pytest.mark.parametrize(
    ("reader", "said"),
    [
        ("no_such_module:read", "--samples no_such_module:read: cannot be imported"),
        ("tests.support.own_reader:missing", "has no attribute 'missing'"),
        ("tests.support.own_reader:CONSTANT", "a reader is a function of a path"),
        ("tests.support.own_reader:broken", "the reader broken failed: RuntimeError: no such codec"),
        ("builtins:len", "the reader len failed: TypeError"),
        ("builtins:str", "a sample set is made from a pandas or polars DataFrame"),
        ("nobody", "does not exist; give a voice_samples.json"),
    ],
)
def test_what_is_no_reader_is_refused(bars, reader, said):
    with pytest.raises(InputError, match=said):
        load(f"{reader}:{bars}")


def test_the_path_must_exist_and_a_row_is_named():
    with pytest.raises(InputError, match=r"gone\.bars: does not exist; give a path that read reads"):
        load(f"{READ}:gone.bars")
