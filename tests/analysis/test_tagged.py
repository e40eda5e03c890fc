"""References with a tag per token: wordings of spans, error rates by class, turns, and invalid files."""

import json

import pytest

from tests.support.command_line import voicelab
from voicelab.analysis.tagged import parallel, score_calls
from voicelab.datasets.transcripts.nlp import read_tokens
from voicelab.errors import InputError
from voicelab.metrics.weights import MINIMAL, weights_of
from voicelab.metrics.words import WordCounts
from voicelab.text import normalizer

HEADER = "token|speaker|ts|endTs|punctuation|case|tags|wer_tags"
RULE = normalizer("sclite")
TOKENS = [
    ("Sales", "7", [], []),
    ("rose", "7", [], []),
    ("9%", "7", ["1:PERCENT"], ["1"]),
    ("at", "7", [], []),
    ("Acme", "7", [], ["5"]),
    ("Works", "7", [], ["5"]),
    ("year-end", "8", [], []),
    ("it", "8", ["2:CONTRACTION"], ["2"]),
    ("is", "8", ["2:CONTRACTION"], ["2"]),
    ("<cough>", "8", [], []),
    ("wo-", "8", [], []),
    ("won", "8", [], []),
]
NORMS = {
    "1": {"candidates": [{"verbalization": ["nine", "percent"]}, {"verbalization": ["nine", "per", "cent"]}]},
    "2": {"candidates": [{"verbalization": ["it's"]}]},
}
CLASSES = {"1": {"entity_type": "PERCENT"}, "2": {"entity_type": "CONTRACTION"}, "5": {"entity_type": "ORG"}}


def reference(folder, name="call.ref.nlp", tokens=TOKENS):
    rows = [HEADER, *(f"{text}|{speaker}||||LC|{tags}|{entities}" for text, speaker, tags, entities in tokens)]
    (folder / name).write_text("\n".join(rows) + "\n")
    (folder / "call.norm.json").write_text(json.dumps(NORMS))
    (folder / "call.wer_tag.json").write_text(json.dumps(CLASSES))
    return folder / name


def heard(folder, text, name="call.out.nlp"):
    (folder / name).write_text("\n".join(["token|speaker", *(f"{word}|" for word in text.split())]) + "\n")
    return folder / name


def scored(folder, text, weights=MINIMAL):
    return score_calls(reference(folder), heard(folder, text), RULE, weights)


@pytest.mark.parametrize(
    "text",
    [
        "sales rose 9% at acme works year-end it is <cough> wo- won",
        "sales rose nine percent at acme works year end it's <unk> wo won",
        "sales rose nine per cent at acme works year-end it's <unk> wo- won",
    ],
)
def test_every_wording_is_right(tmp_path, text):
    found = scored(tmp_path, text).total.words
    assert (found.errors, found.hits) == (0, len(text.split()))


def test_errors_by_class(tmp_path):
    found = scored(tmp_path, "sales rose nine cent at acme extra wirks year-end its <cough> wo- won")
    sums = {kind: sum(counts, WordCounts()) for kind, counts in found.classes.items()}
    assert sums["PERCENT"] == WordCounts(hits=1, substitutions=1)
    assert sums["ORG"] == WordCounts(hits=1, substitutions=1, insertions=1)
    assert sums["CONTRACTION"] == WordCounts(substitutions=1)


def test_calls_are_cut_into_turns_of_speakers(tmp_path):
    found = scored(tmp_path, "sales rose nine percent at acme works plus year end it's")
    assert [(pair.id, pair.speaker) for pair in found.pairs] == [("call_0000", "call:7"), ("call_0001", "call:8")]
    assert found.utterances[0].words == WordCounts(hits=7, insertions=1)
    assert found.utterances[1].words == WordCounts(hits=3, deletions=3)
    assert sum(found.speakers.values(), type(found.total)()) == found.total


def test_classes_without_a_sidecar_are_those_in_the_rows(tmp_path):
    path = reference(tmp_path)
    (tmp_path / "call.wer_tag.json").unlink()
    found = score_calls(path, heard(tmp_path, "sales"), RULE, MINIMAL)
    assert set(found.classes) == {"PERCENT", "CONTRACTION"}


def test_weights_change_the_alignment(tmp_path):
    tokens = [(word, "1", [], []) for word in "a b c d".split()]
    path = reference(tmp_path, tokens=tokens)
    other = heard(tmp_path, "b c d e")
    assert score_calls(path, other, RULE, weights_of("1.5:1:1")).total.words == WordCounts(3, 0, 1, 1)
    assert score_calls(path, other, RULE, weights_of("1:9:9")).total.words == WordCounts(0, 4, 0, 0)


def test_folders_are_paired_by_the_recording(tmp_path):
    for side in ("ref", "hyp", "norms"):
        (tmp_path / side).mkdir()
    path = reference(tmp_path)
    path.rename(tmp_path / "ref" / "call.nlp")
    (tmp_path / "call.norm.json").rename(tmp_path / "norms" / "call.norm.json")
    heard(tmp_path / "hyp", "sales rose nine percent", "call.system.nlp")
    arguments = ["score", str(tmp_path / "ref"), str(tmp_path / "hyp"), "--norms", str(tmp_path / "norms"), "--json"]
    done = voicelab(*arguments)
    assert done.exit_code == 0, done.output
    document = json.loads(done.output)
    assert document["format"] == "nlp"
    assert document["classes"]["PERCENT"]["errors"] == 0
    assert document["total"]["deletions"] == 8


def test_the_table_of_classes_is_printed(tmp_path):
    done = voicelab("score", reference(tmp_path), heard(tmp_path, "sales rose 9%"))
    assert done.exit_code == 0, done.output
    assert "word errors by entity class" in done.output
    assert "ORG" in done.output


@pytest.mark.parametrize(
    ("name", "content", "complaint"),
    [
        ("call.ref.nlp", "word|speaker\na|1\n", "no column `token`"),
        ("call.ref.nlp", "", "no column `token`"),
        ("call.ref.nlp", f"{HEADER}\na|1||||LC|oops|[]\n", "line 2: `tags` is not a list"),
        ("call.ref.nlp", f"{HEADER}\na|1||||LC|[]|{{}}\n", "line 2: `wer_tags` is not a list"),
        ("call.norm.json", "{", "cannot be read as JSON"),
        ("call.norm.json", '{"1": {"class": "X"}}', "id '1': must have `candidates`"),
        ("call.wer_tag.json", '{"1": "ORG"}', "each id must have an `entity_type`"),
        ("call.wer_tag.json", "[]", "must be an object"),
    ],
)
def test_bad_files_are_one_sentence(tmp_path, name, content, complaint):
    paths = [str(reference(tmp_path)), str(heard(tmp_path, "sales"))]
    (tmp_path / name).write_text(content)
    done = voicelab("score", *paths)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_options_that_do_not_fit_are_refused(tmp_path):
    paths = [str(reference(tmp_path)), str(heard(tmp_path, "sales"))]
    done = voicelab("score", *paths, "--norms", tmp_path / "none.json")
    assert "does not exist" in " ".join(done.output.split())
    (tmp_path / "r.trn").write_text("a (s_1)\n")
    (tmp_path / "h.trn").write_text("a (s_1)\n")
    both = [str(tmp_path / "r.trn"), str(tmp_path / "h.trn")]
    done = voicelab("score", *both, "--norms", tmp_path)
    assert done.exit_code == 2
    assert "are for .nlp files" in " ".join(done.output.split())


def test_a_row_may_end_early(tmp_path):
    path = heard(tmp_path, "one two")
    assert [token.text for token in read_tokens(path)] == ["one", "two"]


def test_calls_in_processes_score_as_calls_in_turn(tmp_path, monkeypatch):
    """Alignment in several processes gives the same results and messages."""
    for place in range(parallel.FEW_CALLS):
        reference = "token|speaker|tags|wer_tags\n" + "".join(
            f"{word}|{speaker}|{tags}|{tags}\n"
            for word, speaker, tags in (("good", "a", "[]"), (f"x{place}", "a", "['1:ORG']"), ("well", "b", "[]"))
        )
        for side, text in (("ref", reference), ("hyp", "token\ngood\nyes\nwell\n")):
            (tmp_path / side).mkdir(exist_ok=True)
            (tmp_path / side / f"c{place}.nlp").write_text(text)
    folders = tmp_path / "ref", tmp_path / "hyp"
    monkeypatch.setattr(parallel.threading, "active_count", lambda: 1)
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    together = score_calls(*folders, normalizer("none"), MINIMAL)
    monkeypatch.setattr(parallel, "available_cores", lambda: 1)
    assert score_calls(*folders, normalizer("none"), MINIMAL) == together
    monkeypatch.setattr(parallel, "available_cores", lambda: 2)
    (tmp_path / "ref" / "c1.nlp").write_text("word\ngood\n")
    with pytest.raises(InputError, match=r"c1\.nlp: line 1: no column `token`"):
        score_calls(*folders, normalizer("none"), MINIMAL)
