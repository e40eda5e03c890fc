"""Runs side by side: several recognizers in one command, paired differences, and the notebook."""

import json

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from voicelab.cli import app
from voicelab.compare import compare
from voicelab.errors import InputError
from voicelab.metrics.paired import matched_pairs, paired_difference
from voicelab.metrics.words import WordCounts
from voicelab.notebook import execute
from voicelab.results import RunFolder

RIGHT, WRONG = "fake:text=what is the price of apple", "fake:text=news about tesla"


def voicelab(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two recognizers, in one command."""
    out = tmp_path_factory.mktemp("reports")
    done = voicelab("evaluate", "--asr", RIGHT, "--asr", WRONG, "--tts", "fake", "--in-process", "--limit", 8,
                    "--out", out, "--run-id", "both")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "voicelab compare" in done.output
    folders = [out / "both-1", out / "both-2"]
    assert [RunFolder(folder).read().spec.asr for folder in folders] == [RIGHT, WRONG]
    return folders


def test_each_recognizer_hears_the_same_samples(runs):
    comparison = compare(runs)
    words = comparison.words()
    assert list(words["run"]) == ["both-1", "both-2"]
    assert list(words["scored"]) == [8, 8]
    for row in words.itertuples():
        assert row.low <= row.WER <= row.high
    (pair,) = comparison.pairs().itertuples()
    assert pair[3] == pytest.approx(words["WER"][1] - words["WER"][0])
    assert pair.samples == 8
    assert len(comparison.disagreements()) == 8
    assert list(comparison.disagreements()["both-1"]) == ["what is the price of apple"] * 8
    assert list(comparison.speed()["n"]) == [7, 7], "without the first, cold turn"


def test_the_command_prints_them_and_the_notebook_holds_sound(runs, tmp_path):
    shown = voicelab("compare", *runs, "--out", tmp_path / "side by side")
    assert shown.exit_code == 0, shown.output
    assert "8 of 8 samples were not heard alike." in shown.output
    cells = nbformat.read(tmp_path / "side by side" / "compare.ipynb", 4).cells
    page = json.dumps([cell.get("outputs", []) for cell in cells])
    assert page.count("<audio") == 8
    assert "image/png" in page
    assert "both-2" in page


def test_what_cannot_be_compared_is_refused(runs, tmp_path):
    with pytest.raises(InputError, match="two runs or more"):
        compare(runs[:1])
    with pytest.raises(InputError, match="named twice"):
        compare([runs[0], runs[0]])
    other = voicelab("evaluate", "--asr", RIGHT, "--tts", "fake", "--in-process", "--limit", 3, "--out", tmp_path,
                     "--run-id", "r")  # fmt: skip
    assert other.exit_code == 0
    with pytest.raises(InputError, match="did not hear the same samples"):
        compare([runs[0], tmp_path / "r"])
    with pytest.raises(InputError, match="unknown parameter 'run'"):
        execute("compare", tmp_path / "n", {"run": []})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--asr", "fake", "--asr", "nope"], "unknown asr engine 'nope'"),
        (["--asr", "fake", "--asr", "fake", "--url", "http://127.0.0.1:9"], "give one --asr with it"),
    ],
)
def test_nothing_runs_when_one_of_several_cannot(tmp_path, arguments, complaint):
    done = voicelab("evaluate", *arguments, "--out", tmp_path)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert list(tmp_path.iterdir()) == []


counts = st.lists(st.tuples(st.integers(0, 5), st.integers(1, 9)), min_size=2, max_size=12)


def as_counts(rows):
    return [WordCounts(hits=words, substitutions=errors) for errors, words in rows]


@given(counts)
def test_a_system_does_not_differ_from_itself(rows):
    found = paired_difference(as_counts(rows), as_counts(rows), range(len(rows)), seed=1, draws=50)
    assert (found.difference, found.p_value) == (0.0, 1.0)
    assert (found.interval.low, found.interval.high) == (0.0, 0.0)


@given(counts, st.randoms(use_true_random=False))
def test_the_other_way_round_is_the_negative(rows, random):
    other = rows[:]
    random.shuffle(other)
    keys = range(len(rows))
    there = paired_difference(as_counts(rows), as_counts(other), keys, seed=1, draws=50)
    back = paired_difference(as_counts(other), as_counts(rows), keys, seed=1, draws=50)
    assert there.difference == pytest.approx(-back.difference)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.interval.low == pytest.approx(-back.interval.high)


def test_matched_pairs_against_a_worked_figure():
    """Mean difference 1, standard deviation 1 over 16 utterances: z = 4."""
    spread = np.array([0, 2] * 8) * np.sqrt(15 / 16) + (1 - np.sqrt(15 / 16))
    assert matched_pairs([0] * 16, spread.tolist()) == pytest.approx(6.334e-05, rel=1e-3)
    assert matched_pairs([1], [0]) is None
