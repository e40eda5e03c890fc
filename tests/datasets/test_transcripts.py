"""Transcript files: files of every format are read as they were written, and every error names file, line and field."""

import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sample_sets import table_lines
from voicelab.datasets.transcripts import formats, manifest, timed, trn
from voicelab.datasets.transcripts.base import TranscriptLine
from voicelab.datasets.transcripts.timed import CtmWord, StmSegment
from voicelab.errors import InputError

NAMES = st.text("abcdefgh0123456789", min_size=1, max_size=6)
WORDS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P"], exclude_characters='()<>;*"'), min_size=1, max_size=6
)
TEXTS = st.lists(WORDS, max_size=5).map(" ".join)
CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"))
TSV_CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\t\n\r\0"))
SECONDS = st.integers(0, 10**6).map(lambda thousandths: thousandths / 1000)
SCRATCH = settings(max_examples=60, deadline=None)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("transcripts")


def write_lines(path, lines):
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def stm_line(one, label):
    return f"{one.file} {one.channel} {one.speaker} {one.start_s:.3f} {one.end_s:.3f} {label}{one.text}"


def ctm_line(one, confidence):
    return f"{one.file} {one.channel} {one.start_s:.3f} {one.duration_s:.3f} {one.word}{confidence}"


def write_table(path, lines, side):
    """Write a table with `id`, `speaker` if known, and the text."""
    rows = [
        {"id": one.id} | ({"speaker": one.speaker} if one.speaker is not None else {}) | {side: one.text}
        for one in lines
    ]
    if path.suffix == ".jsonl":
        write_lines(path, [json.dumps(row, ensure_ascii=False) for row in rows])
        return
    quoting = {".csv": {}, ".tsv": {"delimiter": "\t", "quoting": csv.QUOTE_NONE, "quotechar": None}}[path.suffix]
    with path.open("w", encoding="utf-8", newline="") as file:
        table = csv.DictWriter(file, ("id", "speaker", side), restval="", **quoting)
        table.writeheader()
        table.writerows(rows)


@SCRATCH
@given(utterances=st.lists(st.tuples(NAMES, NAMES, TEXTS), unique_by=lambda one: (one[0], one[1]), max_size=5))
def test_trn_round_trip(folder, utterances):
    made = [TranscriptLine(f"{speaker}_{name}", text) for speaker, name, text in utterances]
    write_lines(folder / "a.trn", [f"{one.text} ({one.id})" for one in made])
    found = trn.read(folder / "a.trn")
    assert [(one.id, one.text) for one in found] == [(one.id, one.text) for one in made]
    assert [one.speaker for one in found] == [speaker for speaker, _, _ in utterances]


@SCRATCH
@given(
    segments=st.lists(
        st.builds(
            lambda file, channel, speaker, start, length, text: StmSegment(
                file, channel, speaker, start, round(start + length, 3), text
            ),
            NAMES, NAMES, NAMES, SECONDS, SECONDS, TEXTS,
        ),
        max_size=5,
        unique_by=lambda one: (one.file, one.channel, one.speaker, one.start_s, one.end_s),
    ),
    label=st.sampled_from(["", "<o> ", "<o,f0> "]),
)  # fmt: skip
def test_stm_round_trip(folder, segments, label):
    write_lines(folder / "a.stm", [stm_line(one, label) for one in segments])
    assert timed.read_stm(folder / "a.stm") == segments


@SCRATCH
@given(
    words=st.lists(st.builds(CtmWord, NAMES, NAMES, SECONDS, SECONDS, WORDS), max_size=5),
    confidence=st.sampled_from(["", " 0", " 0.25", " 1", " NA"]),
)
def test_ctm_round_trip(folder, words, confidence):
    write_lines(folder / "a.ctm", [ctm_line(one, confidence) for one in words])
    assert timed.read_ctm(folder / "a.ctm") == words


@SCRATCH
@pytest.mark.parametrize(("ending", "cells"), [("jsonl", CELLS), ("csv", CELLS), ("tsv", TSV_CELLS)])
@pytest.mark.parametrize("side", [manifest.REFERENCE, manifest.HYPOTHESIS])
@given(data=st.data())
def test_tables_round_trip(folder, ending, cells, side, data):
    rows = st.lists(st.tuples(NAMES, st.none() | NAMES, cells), unique_by=lambda one: one[0], max_size=5)
    utterances = data.draw(rows)
    path = folder / f"a.{ending}"
    made = [TranscriptLine(name, text, speaker) for name, speaker, text in utterances]
    write_table(path, made, side)
    found = table_lines(path, side)
    assert [(one.id, one.text, one.speaker) for one in found] == [(one.id, one.text, one.speaker) for one in made]


def test_a_nemo_manifest_names_utterances_by_their_audio(tmp_path):
    line = {"audio_filepath": "audio/0001.wav", "duration": 2.5, "text": "hello there", "pred_text": "hello their"}
    (tmp_path / "m.jsonl").write_text(json.dumps(line) + "\n")
    (pair,) = formats.paired(tmp_path / "m.jsonl", tmp_path / "m.jsonl", "jsonl").pairs
    assert (pair.id, pair.reference, pair.hypothesis, pair.speaker) == ("0001", "hello there", "hello their", "all")


@pytest.mark.parametrize(
    ("id_type", "name", "speaker"),
    [
        ("spu_id", "anna-b_3", "anna"),
        ("spu_id", "anna_b_3", "anna"),
        ("spu_id", "anna", "anna"),
        ("swb", "2347-a_1", "2347"),
        ("wsj", "4k0c0301", "4k0"),
    ],
)
def test_the_speaker_of_an_id(id_type, name, speaker):
    assert trn.speaker_of(name, id_type) == speaker


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("r.trn", "hello there\n", r"r\.trn: line 1: no id at the end"),
        ("r.trn", "a (s_1)\n\nb (s_1)\n", r"r\.trn: line 3: the id 's_1' already occurs in line 1"),
        ("r.trn", "a (s_1) b\n", r"line 1: text follows the id \(s_1\)"),
        ("r.stm", "f A s 0.0 1.0 a\nf A s x 1.0 a\n", r"r\.stm: line 2: field 'start': 'x' is not a number"),
        ("r.stm", "f A s 2.0 1.0 a\n", r"line 1: field 'end': 1\.0 is before the start"),
        ("r.stm", "f A\n", r"line 1: 2 fields; expected: file channel speaker start end"),
        ("r.ctm", "f A 0.0 1.0\n", r"r\.ctm: line 1: 4 fields; expected: file channel start duration word"),
        ("r.ctm", "f A 0.0 long a\n", r"line 1: field 'duration': 'long' is not a number"),
        ("r.jsonl", '{"id": "1", "text": "a"}\n{"id": "2"}\n', r"r\.jsonl: line 2: field 'text' is missing"),
        ("r.jsonl", "[1]\n", r"line 1: must be an object with fields"),
        ("r.jsonl", "{\n", r"line 1: not JSON"),
        ("r.jsonl", '{"text": 3}\n', r"line 1: field 'text' must be a string, not 3"),
        ("r.csv", "id,text\n1,a,b\n", r"r\.csv: line 2: 3 fields, but the header has 2"),
        ("r.csv", "id,words\n1,a\n", r"line 2: field 'text' is missing"),
    ],
)
def test_a_fault_names_its_place(tmp_path, name, content, complaint):
    path = tmp_path / name
    path.write_text(content)
    readers = {
        ".trn": trn.read,
        ".stm": timed.read_stm,
        ".ctm": timed.read_ctm,
        ".jsonl": table_lines,
        ".csv": table_lines,
    }
    with pytest.raises(InputError, match=complaint):
        readers[path.suffix](path)


def test_words_go_to_the_segment_that_their_middle_is_in():
    segments = [StmSegment("f", "a", "s", 0.0, 1.0, "one"), StmSegment("f", "a", "s", 1.0, 2.0, "two")]
    words = [
        CtmWord("f", "a", 0.8, 0.3, "early"),
        CtmWord("f", "a", 0.8, 0.5, "late"),
        CtmWord("f", "a", 5, 1, "end"),
    ]
    found, absent = timed.cut(segments, words)
    assert [pair.hypothesis for pair in found] == ["early", "late end"]
    assert absent == []


def test_fields_of_a_segment_may_stand_apart_by_tabs(tmp_path):
    (tmp_path / "a.stm").write_text("f\t1\tann\t0\t2\t<o>\tone two\tthree\nf 1 ann 2 3 <o, f0>  four\n")
    first, second = timed.read_stm(tmp_path / "a.stm")
    assert first.text.split() == ["one", "two", "three"], "without its label"
    assert second.text == "four"


def test_a_segment_that_stands_twice_is_refused(tmp_path):
    (tmp_path / "a.stm").write_text("f 1 ann 0 2 one\nf 1 bob 0 2 one\nf 1 ann 0.0 2.00 two\n")
    with pytest.raises(InputError, match=r"a\.stm: line 3: the segment f 1 ann 0\.0 2\.00 already occurs in line 1"):
        timed.read_stm(tmp_path / "a.stm")


def test_spaces_around_an_id_are_no_part_of_it(tmp_path):
    (tmp_path / "a.trn").write_text("one two ( ann_1 )\n")
    assert [one.id for one in trn.read(tmp_path / "a.trn")] == ["ann_1"]


def test_a_field_that_stands_twice_is_refused(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"id": "a", "text": "one", "text": "two", "pred_text": "one"}\n')
    with pytest.raises(InputError, match="line 1: not JSON: the field 'text' occurs twice"):
        formats.paired(path, path, "jsonl")


def test_utt2spk_names_every_utterance(tmp_path):
    (tmp_path / "text").write_text("u1 one\nu2 two\n")
    (tmp_path / "utt2spk").write_text("u1 ann\n")
    with pytest.raises(InputError, match="utterance 'u2' is missing in"):
        formats.paired(tmp_path, tmp_path, "kaldi")


def test_an_ignored_segment_takes_its_words_with_it():
    segments = [StmSegment("f", "a", "s", 0.0, 1.0, timed.IGNORED), StmSegment("f", "a", "s", 1.0, 2.0, "two")]
    found, _ = timed.cut(segments, [CtmWord("f", "a", 0.1, 0.2, "noise"), CtmWord("f", "a", 1.1, 0.2, "two")])
    assert [(pair.id, pair.hypothesis) for pair in found] == [("s-000", "two")]


def test_words_without_a_reference_are_an_error():
    with pytest.raises(InputError, match="the hypotheses have words in 1 channels that the reference lacks: g a"):
        timed.cut([StmSegment("f", "a", "s", 0.0, 1.0, "x")], [CtmWord("g", "a", 0.1, 0.2, "y")])
