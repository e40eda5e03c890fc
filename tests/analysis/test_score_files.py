"""`voicelab score` pairs references with hypotheses, and reports unpaired entries and assumptions."""

import json
from typing import get_args

import pyarrow
import pytest
from pyarrow import parquet

from tests.support.command_line import voicelab
from voicelab.cli.score import Form
from voicelab.datasets.transcripts.formats import FORMATS


@pytest.fixture
def score(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def run(files, *arguments):
        for name, content in files.items():
            if name.endswith(".parquet"):
                parquet.write_table(pyarrow.Table.from_pylist(content), tmp_path / name)
                continue
            if isinstance(content, list):
                content = "".join(json.dumps(row) + "\n" for row in content)
            (tmp_path / name).write_text(content)
        names = list(files)
        return voicelab("score", names[0], names[-1], *arguments)

    return run


def total(done):
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)["total"]


ROWS = [{"id": "1", "text": "red green"}, {"id": "2", "text": "blue"}]
HEARD = [{"id": "1", "text": "red green", "prediction": "red grin"}, {"id": "2", "text": "blue", "prediction": "blue"}]


def test_columns_are_named_on_the_command_line(score):
    found = [
        {"utt": 7, "words": "red green", "out": "red grin", "who": "anna"},
        {"utt": 8, "words": "blue", "out": "blue", "who": "bob"},
    ]
    options = ["--ref-column", "words", "--hyp-column", "out", "--id-column", "utt", "--speaker-column", "who"]
    done = score({"m.jsonl": found}, *options, "--json")
    assert total(done)["errors"] == 1
    assert {name: row["errors"] for name, row in json.loads(done.stdout)["speakers"].items()} == {"anna": 1, "bob": 0}


@pytest.mark.parametrize("option", ["--ref-column", "--hyp-column", "--id-column"])
def test_a_column_that_is_not_there_is_refused_with_those_that_are(score, option):
    done = score({"r.jsonl": ROWS, "h.jsonl": HEARD}, "--hyp-column", "prediction", option, "nope")
    assert done.exit_code == 2
    assert "field 'nope' is missing; the columns are: 'id', 'text'" in done.output
    assert f"name one with {option}" in done.output


def test_one_file_without_hypotheses_is_refused(score):
    done = score({"m.jsonl": ROWS})
    assert done.exit_code == 2
    assert "REF and HYP are the same file, which has no column 'pred_text'; its columns: 'id', 'text'" in done.output
    assert "REF and HYP are the same file" in score({"r.trn": "a (s_1)\n"}).output


def test_a_column_that_may_hold_the_hypotheses_must_be_chosen(score):
    files = {"r.jsonl": ROWS, "h.jsonl": HEARD}
    done = score(files)
    assert done.exit_code == 2
    assert "the hypotheses may be in 'prediction' or in 'text': choose one with --hyp-column" in done.output
    assert total(score(files, "--hyp-column", "prediction", "--json"))["errors"] == 1


def test_a_copy_of_the_references_is_pointed_out(score):
    done = score({"r.jsonl": ROWS, "h.jsonl": ROWS}, "--json")
    assert total(done)["errors"] == 0
    assert "every 'text' equals its reference" in done.stderr
    assert "every 'text' equals its reference" in json.loads(done.stdout)["notices"][0]
    other = score({"r.jsonl": ROWS, "h.jsonl": [ROWS[0], {"id": "2", "text": "blew"}]}, "--json")
    assert (json.loads(other.stdout)["notices"], other.stderr) == ([], "")


def test_a_null_hypothesis_is_no_text(score):
    rows = [{"id": "1", "text": "red", "pred_text": None}]
    done = score({"m.jsonl": rows})
    assert done.exit_code == 2
    assert "line 1: field 'pred_text' is null; write \"\" for an utterance without words" in done.output


@pytest.mark.parametrize("word", ["null", "None", "NaN", "nan", "<NA>", "N/A"])
@pytest.mark.parametrize("form", ["csv", "tsv", "jsonl", "txt", "parquet"])
def test_the_word_that_programs_write_for_a_missing_text_is_refused(score, form, word):
    rows = [{"id": "1", "text": "red", "pred_text": "red"}, {"id": "2", "text": "blue", "pred_text": word}]
    if form == "txt":
        done = score({"r.txt": "red\nblue\n", "h.txt": f"red\n{word}\n"})
    elif form in ("jsonl", "parquet"):
        done = score({f"h.{form}": rows})
    else:
        mark = "," if form == "csv" else "\t"
        lines = [mark.join(row.values()) for row in rows]
        done = score({f"h.{form}": "\n".join([mark.join(rows[0]), *lines])})
    assert done.exit_code == 2
    column = "text" if form == "txt" else "pred_text"
    problem = f"field {column!r} is {word!r}, which programs write for a missing text"
    assert f"{problem}; leave it empty for an utterance without words" in done.output


def test_such_a_word_is_scored_where_it_is_said(score):
    table = "id,text,pred_text\n1,none.,None\n2,Null!,null\n3,none of them,none of them\n"
    assert total(score({"m.csv": table}, "--json"))["errors"] == 0
    reference = score({"m.csv": "id,text,pred_text\n1,NaN,red\n"})
    assert "line 2: field 'text' is 'NaN'" in reference.output
    assert "remove the row, or write 'NaN.' if somebody says it" in reference.output


@pytest.mark.parametrize("missing", ["error", "deletions", "skip"])
def test_lost_rows_without_ids_are_refused(score, missing):
    three, two = [{"text": word} for word in ("red", "green", "blue")], [{"text": "green"}, {"text": "blue"}]
    done = score({"r.jsonl": three, "h.jsonl": two}, "--missing", missing)
    assert done.exit_code == 2
    assert "has 2 rows, but r.jsonl has 3; rows without ids cannot be matched" in done.output


def test_ids_on_one_side_alone_are_refused(score):
    done = score({"r.jsonl": ROWS, "h.jsonl": [{"text": "red green"}, {"text": "blue"}]})
    assert done.exit_code == 2
    assert "h.jsonl: its rows have no ids, unlike the other file; give each an `id`" in done.output
    mixed = score({"r.jsonl": [*ROWS, {"text": "white"}], "h.jsonl": ROWS})
    assert "line 3: field 'id' is empty, but other rows have an id" in mixed.output


def test_recordings_are_paired_by_as_much_of_their_paths_as_tells_them_apart(score):
    mine = [{"audio_filepath": f"/data/{name}/1.wav", "text": name} for name in ("left", "right", "middle")]
    other = [{"audio_filepath": f"x/{name}/1.flac", "pred_text": name} for name in ("right", "left")]
    assert total(score({"r.jsonl": mine, "h.jsonl": other}, "--missing", "skip", "--json"))["errors"] == 0
    flat = [{"audio_filepath": "right/1.wav", "pred_text": "right"}]
    assert total(score({"r.jsonl": mine, "h.jsonl": flat}, "--missing", "skip", "--json"))["errors"] == 0


def test_paths_of_windows_name_the_same_recordings(score):
    mine = [{"audio_filepath": f"{folder}\\1.wav", "text": text} for folder, text in (("a", "red"), ("b", "blue"))]
    other = [{"audio_filepath": f"{folder}/1.wav", "pred_text": text} for folder, text in (("b", "blue"), ("a", "red"))]
    assert total(score({"r.jsonl": mine, "h.jsonl": other}, "--json"))["errors"] == 0


@pytest.mark.parametrize("name", ["cafe\u0301", "caf\u00e9\u200b", "caf\u00e9\u00a0"])
def test_ids_that_only_look_the_same_are_told_apart(score, name):
    done = score({"r.jsonl": [{"id": "caf\u00e9", "text": "red"}], "h.jsonl": [{"id": name, "pred_text": "red"}]})
    assert done.exit_code == 2
    assert "ids that look the same differ in invisible characters or in the form of their accents" in done.output
    other = score({"r.jsonl": [{"id": "a", "text": "red"}], "h.jsonl": [{"id": name, "pred_text": "red"}]})
    assert "look the same" not in other.output


def test_segments_of_a_recording_are_paired_by_their_offsets(score):
    mine = [{"audio_filepath": "a.wav", "offset": at, "text": text} for at, text in ((0, "red"), (1.5, "green"))]
    lines = ["audio_filepath,offset,pred_text", "b/a.wav,1.50,green", "b/a.wav,0.0,red"]
    assert total(score({"r.jsonl": mine, "h.csv": "\n".join(lines) + "\n"}, "--json"))["errors"] == 0


def test_one_recording_twice_asks_for_ids(score):
    rows = [{"audio_filepath": "a.wav", "text": "red", "pred_text": "red"}] * 2
    done = score({"m.jsonl": rows})
    assert done.exit_code == 2
    assert "line 2: the id 'a' already occurs in line 1; give each row a unique `id`" in done.output


STM = ["f 1 a 0 2 <o> one day", "f 1 b 2 4 <o> some other day", "g 1 a 0 3 <o> this is it"]
CTM = ["f 1 0.1 0.2 one", "f 1 0.5 0.2 day", "f 1 2.1 0.2 some", "f 1 2.6 0.2 day", "g 1 0.5 0.2 it"]


@pytest.mark.parametrize(
    ("segments", "words", "notice"),
    [
        ((0, 1, 2), (0, 1, 2, 3, 4), None),
        ((1, 2, 0), (0, 1, 2, 3, 4), "r.stm: line 3: the start goes back from 2 to 0 s; the lines were sorted by time"),
        ((0, 1, 2), (4, 1, 0, 3, 2), "h.ctm: line 3: the start goes back from 0.5 to 0.1 s"),
        ((2, 0, 1), (4, 0, 1, 2, 3), None),
    ],
)
def test_times_out_of_order_are_sorted_and_pointed_out(score, segments, words, notice):
    files = {"r.stm": "\n".join(STM[at] for at in segments), "h.ctm": "\n".join(CTM[at] for at in words)}
    done = score(files, "--json")
    found = total(done)
    assert (found["words"], found["correct"], found["deletions"]) == (8, 5, 3)
    assert notice is None or notice in done.stderr
    assert len(json.loads(done.stdout)["notices"]) == (notice is not None)


def test_alternatives_move_as_one(score):
    words = ["f 1 2.1 0.2 some", "f 1 * * <ALT_BEGIN>", "f 1 0.1 0.2 won", "f 1 * * <ALT>", "f 1 0.1 0.2 one"]
    words += ["f 1 * * <ALT_END>", "f 1 0.5 0.2 day", "f 1 2.4 0.1 other", "f 1 2.6 0.2 day"]
    assert total(score({"r.stm": "\n".join(STM[:2]), "h.ctm": "\n".join(words)}, "--json"))["errors"] == 0


@pytest.mark.parametrize("mark", ["IGNORE_TIME_SEGMENT_IN_SCORING", "IGNORETIMESEGMENTINSCORING"])
def test_a_segment_to_ignore_is_left_out_however_it_is_spelled(score, mark):
    files = {"r.stm": f"f 1 a 0 2 <o> {mark}\nf 1 b 2 4 <o> some other day", "h.ctm": "\n".join(CTM[:4])}
    found = total(score(files, "--json"))
    assert (found["words"], found["correct"], found["insertions"]) == (3, 2, 0)


def test_sentences_that_are_really_a_trn_are_asked_about(score):
    done = score({"r.txt": "red (s_1)\n", "h.txt": "red (s_1)\n"})
    assert "every line ends in (an id), as in a .trn; choose its format with --format" in done.output
    kaldi = score({"ref": "u1 red green\nu2 blue\n", "h.txt": "u2 blue\nu1 red\n"}, "--format", "kaldi", "--json")
    assert (total(kaldi)["words"], total(kaldi)["deletions"]) == (3, 1)


def test_the_command_offers_every_format():
    assert get_args(Form) == FORMATS
