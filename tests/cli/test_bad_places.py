"""An unusable path or name gives one sentence and exit code 2, before any work, and leaves no files."""

import json
import os
from pathlib import Path

import pytest

from tests.support.command_line import voicelab
from tests.support.protected import run_protected
from tests.support.recordings import write_recording
from tests.support.run_folders import write_run
from voicelab.errors import InputError
from voicelab.runs import file_errors
from voicelab.runs.names import check_name
from voicelab.runs.records import RunFolder, TurnResult

EVALUATE = ("evaluate", "--in-process", "--asr", "fake", "--tts", "fake", "--samples", "set.jsonl")
SWEEP = ("sweep", "--asr", "fake", "--tts", "fake", "--samples", "set.jsonl", "--gain", "-10")


def refused(*arguments):
    """The one sentence of a command that exits with 2."""
    done = voicelab(*arguments)
    assert done.exit_code == 2, done.output
    sentence = done.stderr.strip()
    assert sentence.startswith("error: ")
    assert "\n" not in sentence
    return sentence


@pytest.fixture
def here(tmp_path, monkeypatch):
    write_recording(tmp_path / "a.wav")
    row = {"audio_filepath": "a.wav", "text": "hello"}
    (tmp_path / "set.jsonl").write_text(json.dumps(row) + "\n")
    (tmp_path / "file").write_text("")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def names(folder):
    return {path.name for path in folder.iterdir()}


@pytest.mark.parametrize("command", [(*EVALUATE, "--run-id"), (*SWEEP, "--sweep-id")], ids=["evaluate", "sweep"])
@pytest.mark.parametrize(
    "name", ["..", ".", "a/b", "../a", "/a", "x" * 300, "é" * 65, "a\nb", " ", "\x1b[31m"], ids=ascii
)
def test_a_name_of_a_folder_is_one_name(here, command, name):
    before = names(here)
    assert command[-1] in refused(*command, name, "--out", "runs")
    assert names(here) == before


def test_names_that_fit_are_taken():
    for name in ("a", "é" * 64, "run 1", "-x", "名前", "..."):
        check_name("--run-id", name)


@pytest.mark.parametrize("command", [EVALUATE, SWEEP], ids=["evaluate", "sweep"])
@pytest.mark.parametrize("out", ["file", "file/deeper"])
def test_a_file_where_a_folder_is_needed(here, command, out):
    before = names(here)
    assert "file" in refused(*command, "--out", out)
    assert names(here) == before


@pytest.mark.parametrize("port", ["99999", "-1", "x", "0", "1e3"])
def test_an_address_with_a_bad_port(here, port):
    assert f"--url http://127.0.0.1:{port}" in refused(
        "evaluate", "--samples", "set.jsonl", "--url", f"http://127.0.0.1:{port}"
    )
    assert not (here / "reports").exists()


@pytest.mark.parametrize("address", ["http://", "http://[::1", "ftp://host", "host", "http:///path", "//host"])
def test_an_address_that_names_no_server(here, address):
    assert "--url" in refused("evaluate", "--samples", "set.jsonl", "--url", address)
    assert not (here / "reports").exists()


def test_a_run_that_could_not_begin_does_not_block_its_name(here):
    nobody = ("evaluate", "--samples", "set.jsonl", "--url", "http://127.0.0.1:9", "--run-id", "r", "--out", "runs")
    for _ in range(2):
        assert "no voicelab server answers there" in refused(*nobody)
    assert RunFolder(here / "runs" / "r").read().status == "failed"
    done = voicelab(*EVALUATE, "--run-id", "r", "--out", "runs")
    assert done.exit_code == 0, done.output
    assert "already contains a run" in refused(*EVALUATE, "--run-id", "r", "--out", "runs")


def test_a_failed_run_with_turns_keeps_its_name(tmp_path):
    folder = write_run(tmp_path, "r", status="failed", failure="espeak: it broke")
    assert folder.is_free()
    folder.append(
        TurnResult(
            key="a", sample_id="a", category="c", text="x", status="answered", started_at=folder.read().started_at
        )
    )
    assert not folder.is_free()


@pytest.mark.parametrize("near", ["1,1.0000001", "10,9.9999999,5"])
def test_near_values_are_refused_at_once(here, near):
    sentence = refused(
        "sweep", "--asr", "fake", "--tts", "fake", "--samples", "set.jsonl", "--snr", near, "--out", "runs"
    )
    assert "two conditions are both named white-1" in sentence
    assert not (here / "runs").exists()


@pytest.mark.parametrize("fixes", ["nowhere/f.csv", "file/f.csv", "file", f"{'x' * 300}.csv", "."])
def test_the_file_for_fixes_is_tried_before_anything_is_heard(here, monkeypatch, fixes):
    monkeypatch.setattr(
        "voicelab.analysis.audit.audit.audit_samples", lambda *_, **__: pytest.fail("it listened first")
    )
    assert "--fixes" in refused("audit", "--samples", "set.jsonl", "--asr", "fake", "--fixes", fixes)


@pytest.mark.parametrize(
    "arguments",
    [
        ("report", "runs/r"),
        ("evaluate", "--resume", "runs/r"),
        (*EVALUATE, "--out", "runs"),
        (*SWEEP, "--out", "runs"),
        ("audit", "--samples", "set.jsonl", "--asr", "fake", "--fixes", "runs/f.csv"),
        ("match", "pairs.jsonl", "--out", "runs/o.jsonl"),
    ],
    ids=lambda arguments: " ".join(arguments[:2]),
)
def test_a_folder_that_may_not_be_written_to(here, arguments):
    write_run(here / "runs", "r", status="running")
    (here / "pairs.jsonl").write_text('{"entity": "919", "text": "919"}\n')
    for folder in (here / "runs" / "r", here / "runs"):
        folder.chmod(0o555)
    done = run_protected(*arguments, folder=here)
    for folder in (here / "runs", here / "runs" / "r"):
        folder.chmod(0o755)
    assert done.returncode == 2, done.stderr
    assert "Permission denied" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("number", [1, 2, 5, 13, 17, 20, 21, 22, 28, 30, 36, 39, 40, 122], ids=os.strerror)
def test_every_refusal_of_the_system_is_a_sentence(here, monkeypatch, number):
    def refuse(path, **_):
        raise OSError(number, os.strerror(number), str(path))

    monkeypatch.setattr(Path, "mkdir", refuse)
    done = voicelab(*EVALUATE, "--out", "runs")
    assert done.exit_code == (1 if number in (5, 28, 122) else 2)
    assert done.stderr.startswith("error: runs/")
    assert os.strerror(number) in done.stderr or "a file exists at this path" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_file_that_is_there_stays_as_it_is(tmp_path):
    file = tmp_path / "f"
    file.write_text("kept")
    file_errors.check_file("--out", file)
    assert file.read_text() == "kept"
    file_errors.check_file("--out", tmp_path / "new")
    file_errors.check_new_file("--out", tmp_path / "new")
    file_errors.check_folder("--out", tmp_path / "a" / "b")
    assert names(tmp_path) == {"f"}
    with pytest.raises(InputError, match="already exists"):
        file_errors.check_new_file("--out", file)
