"""Files saved by a spreadsheet work on the command line, with notices about skipped contents."""

import pytest

from tests.support.command_line import voicelab
from tests.support.recordings import write_recording
from voicelab.datasets import load

FIXES = "sample_id;action;old_text;new_text;\nA;correct;price of corn;price of Korn, please;\n;;;;\n"


@pytest.fixture
def spreadsheet(tmp_path):
    write_recording(tmp_path / "set" / "a.wav")
    path = tmp_path / "set" / "m.csv"
    path.write_text("id,audio_filepath,text,\nA,a.wav,price of corn,\n,,,\n")
    return path


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_corrections_may_come_from_a_spreadsheet(tmp_path, spreadsheet, encoding):
    (tmp_path / "fixes.csv").write_bytes(FIXES.encode(encoding))
    done = voicelab("correct", spreadsheet, tmp_path / "fixes.csv", "--out", tmp_path / "new")
    assert done.exit_code == 0, done.output
    assert load(tmp_path / "new" / "m.csv").sample("A").text == "price of Korn, please"


def test_what_is_left_out_of_a_set_is_said(tmp_path, spreadsheet):
    engines = ("--in-process", "--asr", "fake", "--agent", "fake", "--tts", "fake", "--out", tmp_path, "--run-id", "r")
    for done in (voicelab("samples", spreadsheet), voicelab("evaluate", "--samples", spreadsheet, *engines)):
        assert done.exit_code == 0, done.output
        assert "warning:" in done.stderr
        assert "line 3: empty rows were skipped" in done.stderr
