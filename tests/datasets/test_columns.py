"""Custom column names: every command that reads a set supports them, and a run records them."""

import csv
import json

import pytest

from tests.support.command_line import voicelab
from tests.support.recordings import write_recording
from voicelab.datasets import load
from voicelab.datasets.columns import SetColumns
from voicelab.errors import InputError
from voicelab.runs.records import RunFolder
from voicelab.scoring import inputs

NAMED = SetColumns(reference="words", id="key", speaker="who", audio="sound")
OPTIONS = ["--ref-column", "words", "--id-column", "key", "--speaker-column", "who", "--audio-column", "sound"]
ROWS = [
    {"key": "k1", "words": "good morning", "who": "anna", "sound": "one.wav", "text": "draft"},
    {"key": "k2", "words": "good night", "who": "bob", "sound": "two.wav", "text": "draft"},
]


def named_csv(folder):
    for row in ROWS:
        write_recording(folder / row["sound"])
    with (folder / "set.csv").open("w", newline="") as file:
        table = csv.DictWriter(file, ROWS[0].keys())
        table.writeheader()
        table.writerows(ROWS)
    return folder / "set.csv"


def named_parquet(folder):
    import pyarrow
    from pyarrow import parquet

    named_csv(folder)
    rows = [row | {"sound": {"bytes": (folder / row["sound"]).read_bytes(), "path": row["sound"]}} for row in ROWS]
    parquet.write_table(pyarrow.Table.from_pylist(rows), folder / "set.parquet")
    return folder / "set.parquet"


@pytest.mark.parametrize("write", [named_csv, named_parquet])
def test_named_columns_are_read_before_the_usual_ones(tmp_path, write):
    found = load(write(tmp_path), NAMED)
    assert [(one.id, one.text, one.speaker) for one in found] == [
        ("k1", "good morning", "anna"), ("k2", "good night", "bob"),
    ]  # fmt: skip
    assert all(len(one.clip().samples) for one in found)


@pytest.mark.parametrize("field", ["reference", "id", "speaker", "audio"])
def test_a_column_that_is_missing_is_named_with_its_option(tmp_path, field):
    with pytest.raises(InputError, match=r"'gone' is missing; the columns are: 'key', 'words'.*--\w+-column"):
        load(named_csv(tmp_path), SetColumns(**{"reference": "words", "audio": "sound"} | {field: "gone"}))


def test_an_empty_cell_is_reported_under_the_files_own_name(tmp_path):
    path = named_csv(tmp_path)
    path.write_text(path.read_text().replace("one.wav", ""))
    with pytest.raises(InputError, match="line 2: field 'sound' must be a non-empty string"):
        load(path, NAMED)


def test_a_set_with_fixed_fields_refuses_the_options():
    done = voicelab("samples", "--ref-column", "words")
    assert done.exit_code == 2
    assert "fixed names; omit --ref-column" in done.output


def test_samples_counts_and_a_run_remembers(tmp_path):
    path = named_csv(tmp_path)
    assert "anna, bob" in voicelab("samples", path, *OPTIONS).output
    engines = ["--in-process", "--asr", "fake", "--agent", "fake", "--tts", "fake"]
    where = ["--out", str(tmp_path), "--run-id", "r"]
    done = voicelab("evaluate", "--samples", path, *OPTIONS, *engines, *where)
    assert done.exit_code == 0, done.output
    run = RunFolder(tmp_path / "r").read()
    assert run.spec.columns == NAMED
    found = inputs.sample_set(run)
    assert found is not None
    assert [one.text for one in found] == ["good morning", "good night"]


def test_corrections_keep_the_files_own_columns(tmp_path):
    path = named_csv(tmp_path)
    (tmp_path / "fixes.csv").write_text("sample_id,old_text,new_text,action\nk1,good morning,good evening,correct\n")
    new = tmp_path / "new"
    done = voicelab("correct", path, tmp_path / "fixes.csv", "--out", new, *OPTIONS)
    assert done.exit_code == 0, done.output
    with (new / "set.csv").open(newline="") as file:
        first = next(csv.DictReader(file))
    assert (first["key"], first["words"], first["text"]) == ("k1", "good evening", "draft")


@pytest.mark.parametrize("command", [["audit", "r"], ["roundtrip", "r"]])
def test_a_run_takes_no_columns(command):
    done = voicelab(*command, "--id-column", "key")
    assert done.exit_code == 2
    assert "--id-column goes with --samples" in done.output


def test_score_names_utterances_after_the_named_recordings(tmp_path):
    (tmp_path / "r.csv").write_text("clip,text\ns1/1.wav,good morning\ns2/1.wav,good night\n")
    (tmp_path / "h.csv").write_text("clip,pred_text\ns2/1.wav,good night\ns1/1.wav,good morning\n")
    files = [str(tmp_path / "r.csv"), str(tmp_path / "h.csv")]
    done = voicelab("score", *files, "--audio-column", "clip", "--json")
    assert json.loads(done.output)["total"]["correct"] == 4
    done = voicelab("score", *files, "--audio-column", "gone")
    assert done.exit_code == 2
    assert "has no column 'gone'" in done.output
