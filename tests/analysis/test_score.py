"""`voicelab score` prints the numbers of sclite, and gives reasons for refusals."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import nist
from tests.support.command_line import voicelab
from voicelab.analysis.score_transcripts import ScoreCounts, UtteranceFlip, flips
from voicelab.metrics.words import WordCounts
from voicelab.text import NORMALIZERS, keep_hyphens, normalizer

REFERENCE = """the cat sat on the mat (anna_1)
{ um / @ } hello there (anna_2)
good bye (bob_1)
"""
HYPOTHESIS = """The cat sat on a mat (anna_1)
hello (anna_2)
 (bob_1)
"""


@pytest.fixture
def files(tmp_path):
    def write(**contents):
        for name, content in contents.items():
            (tmp_path / name.replace("_", ".")).write_text(content)
        return [str(tmp_path / name.replace("_", ".")) for name in contents]

    return write


def test_the_table(files):
    done = voicelab("score", *files(r_trn=REFERENCE, h_trn=HYPOTHESIS), "--weights", "sclite", "--raw")
    assert done.exit_code == 0
    rows = nist.rows(done.output)
    assert rows["anna"] == ["2", "8", "6", "1", "1", "0", "2", "2"]
    assert rows["bob"] == ["1", "2", "0", "0", "2", "0", "2", "1"]
    assert rows["Sum"] == ["3", "10", "6", "1", "3", "0", "4", "3"]
    assert "weights sclite; normalizer sclite (version 1)" in done.output


def test_the_figures_alone(files):
    done = voicelab("score", *files(r_trn=REFERENCE, h_trn=HYPOTHESIS), "--json")
    found = json.loads(done.output)
    assert found["normalizer"] == {"name": "sclite", "version": "1"}
    assert found["weights"] == "minimal"
    assert found["total"]["words"] == 10
    assert found["total"]["wer"] == pytest.approx(0.4)
    assert found["speakers"]["bob"]["deletions"] == 2
    assert found["speakers"]["bob"]["ser"] == 1.0


@nist.needed
@pytest.mark.parametrize("raw", [False, True])
def test_the_summary_is_sclites(tmp_path, raw):
    """All numbers of all rows, including mean, deviation and median."""
    chance = random.Random(5)
    lines = {"r.trn": [], "h.trn": []}
    for number in range(120):
        for name, content in lines.items():
            least = 1 if name == "r.trn" else 0
            words = " ".join(chance.choice("abcd") for _ in range(chance.randint(least, 9)))
            content.append(f"{words} (spk{number % 9}_{number})")
    for name, content in lines.items():
        (tmp_path / name).write_text("\n".join(content) + "\n")
    theirs = nist.table(tmp_path / "r.trn", tmp_path / "h.trn", raw=raw)
    done = voicelab("score", tmp_path / "r.trn", tmp_path / "h.trn", "--weights", "sclite", *(["--raw"] if raw else []))
    assert nist.rows(done.output) == theirs
    assert len(theirs) == 9 + 4


def test_a_missing_hypothesis_is_an_error_unless_it_is_said_what_becomes_of_it(files):
    paths = files(r_trn=REFERENCE, h_trn="the cat sat on the mat (anna_1)\n")
    refused = voicelab("score", *paths)
    assert refused.exit_code == 2
    assert "has no entry for 2 utterances (anna_2, bob_1)" in refused.output
    deleted = json.loads(voicelab("score", *paths, "--missing", "deletions", "--json").output)["total"]
    assert (deleted["words"], deleted["deletions"]) == (10, 4)
    skipped = json.loads(voicelab("score", *paths, "--missing", "skip", "--json").output)["total"]
    assert (skipped["sentences"], skipped["errors"]) == (1, 0)


@pytest.mark.parametrize(
    ("contents", "options", "complaint"),
    [
        ({"r_trn": "a (s_1)\n", "h_trn": "a (s_2)\n"}, [], "has 1 utterance (s_2) that"),
        ({"r_trn": "a { b (s_1)\n", "h_trn": "a (s_1)\n"}, [], "utterance s_1: opening brace without a closing one"),
        ({"r_txt": "a (s_1)\n", "h_txt": "a (s_1)\n"}, [], "choose its format with --format"),
        ({"r_trn": "a (s_1)\n", "h_trn": "a (s_1)\n"}, ["--normalizer", "klingon"], "unknown normalizer 'klingon'"),
        ({"r_trn": "\n", "h_trn": "\n"}, [], "contains no utterances to score"),
        ({"r_trn": "a (s_1)\n", "h_trn": "a\n"}, [], "line 1: no id at the end"),
        ({"r_stm": "f A s 0 1 a\n", "h_ctm": "g A 0 1 a\n"}, [], "channels that the reference lacks: g a"),
        ({"r_stm": "f A s 0 1 a\n", "h_ctm": ""}, [], "has no entry for 1 channel (f a)"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(files, contents, options, complaint):
    done = voicelab("score", *files(**contents), *options)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert "Traceback" not in done.output


def test_a_file_that_is_not_there(tmp_path):
    done = voicelab("score", tmp_path / "no.trn", tmp_path / "no.trn")
    assert done.exit_code == 2
    assert "cannot be read" in done.output


def test_under_every_normalizer_the_ranking_may_flip(files):
    reference, shouting, wrong = files(
        r_trn="i will not go (s_1)\n", a_trn="I WON'T GO! (s_1)\n", b_trn="i will now so (s_1)\n"
    )
    done = voicelab("score", reference, shouting, wrong, "--normalizer", "all")
    assert done.exit_code == 0
    text = " ".join(done.output.split())
    assert "the ranking flips" in text
    found = json.loads(voicelab("score", reference, shouting, wrong, "--normalizer", "all", "--json").output)
    assert {one["normalizer"]["name"] for one in found["results"]} == set(NORMALIZERS)
    assert {"systems": [shouting, wrong], "normalizers": ["none", "english"]} in found["flips"]


def test_stm_and_ctm(files):
    segments = "call A anna 0.0 1.0 hello there\ncall A bob 1.0 2.0 good bye\n"
    words = "call A 0.1 0.2 HELLO\ncall A 0.5 0.2 their\ncall A 1.2 0.2 good\n"
    found = json.loads(voicelab("score", *files(r_stm=segments, h_ctm=words), "--json").output)
    assert found["speakers"]["anna"]["substitutions"] == 1
    assert found["speakers"]["bob"]["deletions"] == 1


@pytest.mark.parametrize("ending", ["jsonl", "csv"])
def test_tables(files, ending):
    rows = [("1", "It's two hundred dollars", "it is $200"), ("2", "hello", "")]
    if ending == "jsonl":
        content = "".join(json.dumps({"id": a, "text": b, "pred_text": c}) + "\n" for a, b, c in rows)
    else:
        content = "id,text,pred_text\n" + "".join(f"{a},{b},{c}\n" for a, b, c in rows)
    (path,) = files(**{f"m_{ending}": content})
    found = json.loads(voicelab("score", path, path, "--json").output)
    assert found["normalizer"]["name"] == "english"
    assert (found["total"]["words"], found["total"]["errors"]) == (5, 1)


COUNTS = st.builds(
    ScoreCounts,
    st.integers(0, 5),
    st.integers(0, 5),
    st.builds(WordCounts, *[st.integers(0, 9)] * 4),
    st.just(WordCounts()),
)


@given(st.lists(COUNTS, max_size=5))
def test_counts_add_in_any_order(counts):
    assert sum(counts, ScoreCounts()) == sum(reversed(counts), ScoreCounts())
    assert sum(counts, ScoreCounts()).words.errors == sum(one.words.errors for one in counts)
    assert ScoreCounts().sentence_error_rate is None


def test_flips_name_the_first_normalizer_that_ranks_two_systems():
    rates = {"none": {"a": 0.2, "b": 0.2}, "basic": {"a": 0.1, "b": 0.2}, "english": {"a": 0.3, "b": 0.1}}
    assert flips(rates) == [UtteranceFlip(("a", "b"), ("basic", "english"))]
    assert flips({"none": {"a": 0.2, "b": None}, "basic": {"a": 0.1, "b": 0.2}}) == []


def test_the_bench_holds_itself_against_jiwer():
    done = voicelab("bench", "words", "--pairs", 300)
    assert done.exit_code == 0
    assert "errors found by both" in " ".join(done.output.split())


MARKS_REFERENCE = "the { pri- / x } price (uh) rose (s_1)\n"
MARKS_HYPOTHESIS = "the prices price rose (s_1)\n"


@pytest.mark.parametrize(
    ("options", "counts"),
    [
        ([], (3, 1, 1, 0)),
        (["-F"], (4, 0, 1, 0)),
        (["-D"], (4, 1, 0, 0)),
        (["-F", "-D"], (5, 0, 0, 0)),
        (["--literal-braces"], (3, 1, 5, 0)),
    ],
)
@pytest.mark.parametrize("weights", ["minimal", "sclite", "1.5:1:1"])
def test_marks_in_words_by_choice(files, options, counts, weights):
    paths = files(r_trn=MARKS_REFERENCE, h_trn=MARKS_HYPOTHESIS)
    done = voicelab("score", *paths, "--weights", weights, "--json", *options)
    found = json.loads(done.output)
    total = found["total"]
    assert tuple(total[name] for name in ("correct", "substitutions", "deletions", "insertions")) == counts
    assert sum(kind == "equal" for kind, _, _ in found["utterances"][0]["alignment"]) == counts[0]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["-F", "--normalizer", "english"], "fragments are marked by hyphens, which the normalizer english removes"),
        (["-D", "--normalizer", "basic"], "optional words are marked by parentheses"),
        (["-D", "--normalizer", "all"], "need one --normalizer instead of all"),
    ],
)
def test_marks_that_the_normalizer_removes_are_refused(files, options, complaint):
    done = voicelab("score", *files(r_trn=MARKS_REFERENCE, h_trn=MARKS_HYPOTHESIS), *options)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


def test_marks_mean_nothing_in_other_formats(files):
    (path,) = files(m_csv="id,text,pred_text\n1,a,a\n")
    for option in ("-F", "-D", "--literal-braces"):
        done = voicelab("score", path, path, option)
        assert done.exit_code == 2
        assert "are for .trn and .stm" in " ".join(done.output.split())


@pytest.mark.parametrize("rule", ["basic", "english", "whisper", "none", "sclite"])
def test_hyphens_within_words_are_kept_by_choice(files, rule):
    reference, hypothesis = files(r_trn="they re-sign on monday (s_1)\n", h_trn="they re-sign on monday (s_1)\n")
    options = ["--normalizer", rule, "--keep-hyphens", "--json"]
    same = json.loads(voicelab("score", reference, hypothesis, *options).output)
    assert same["normalizer"]["name"] == f"{rule}+hyphens"
    assert (same["total"]["words"], same["total"]["errors"]) == (4, 0)
    assert ["equal", "re-sign", "re-sign"] in same["utterances"][0]["alignment"]
    (apart,) = files(x_trn="they re sign on monday (s_1)\n")
    assert json.loads(voicelab("score", reference, apart, *options).output)["total"]["errors"] == 2


@given(st.text(alphabet="ab -5.%", max_size=12))
def test_only_hyphens_between_letters_are_kept(text):
    for rule in ("basic", "english", "none"):
        plain, kept = normalizer(rule), keep_hyphens(normalizer(rule))
        if not any(text[place - 1 : place + 2].replace("-", "").isalpha() for place in range(1, len(text))):
            assert kept.apply(text) == plain.apply(text)
        assert "ꞏ" not in kept.apply(text)
