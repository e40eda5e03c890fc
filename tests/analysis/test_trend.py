"""A figure over time: significant changes, as table, JSON and plot."""

import json
from datetime import timedelta

import pytest

from tests.support.command_line import voicelab
from tests.support.compared_runs import ALIKE, SAID, hears, written
from voicelab.analysis.trend import trend
from voicelab.errors import InputError
from voicelab.scoring import summary_file
from voicelab.scoring.summary import summarize

WRONG = [text.replace("please tell me", "peas tall tree") for text in SAID]


@pytest.fixture
def reports(tmp_path):
    """Five runs: two equal, a worse one, a better one, and one on other samples. Their names sort in reverse."""
    for number, (heard, sha) in enumerate([(ALIKE, "0"), (ALIKE, "0"), (WRONG, "0"), (SAID, "0"), (ALIKE, "1")]):
        run, turns = hears(SAID, heard, run_id=f"r{9 - number}", speakers="abcdefgh", sha=sha * 64)
        run = run.model_copy(update={"started_at": run.started_at + timedelta(days=number)})
        folder = written(tmp_path / run.run_id, (run, turns))
        summary_file.write(folder, summarize(folder))
    return tmp_path


def test_changes_beyond_the_noise_are_marked_and_others_are_not(reports):
    points = trend(reports, "wer")
    assert [one.run_id for one in points] == ["r9", "r8", "r7", "r6", "r5"]
    assert [one.verdict for one in points] == ["not compared", "within the noise", "worse", "better", "not compared"]
    assert points[1].change == 0
    assert points[2].change == pytest.approx(points[2].measured.value - points[1].measured.value)
    assert points[2].low > 0 > points[3].high
    assert points[4].note == "different samples than in the previous run"


def test_only_the_latest_runs_are_compared_where_that_is_asked(reports):
    assert [(one.run_id, one.verdict) for one in trend(reports, "wer", last=2)] == [
        ("r6", "not compared"), ("r5", "not compared"),
    ]  # fmt: skip


def test_the_command_prints_and_draws_it(reports):
    shown = voicelab("runs", "trend", "wer", "--out", reports)
    assert (shown.exit_code, "within the noise" in shown.output, "worse" in shown.output) == (0, True, True), (
        shown.output
    )
    assert (reports / "trend-wer.png").read_bytes().startswith(b"\x89PNG")
    rows = json.loads(voicelab("runs", "trend", "wer", "--out", reports, "--json").stdout)
    assert [row["verdict"] for row in rows][2:4] == ["worse", "better"]
    assert rows[0]["measured"]["low"] is not None


def test_what_cannot_be_drawn_says_why(reports, tmp_path):
    with pytest.raises(InputError, match=r"FIGURE nothing: unknown; known: .*wer"):
        trend(reports, "nothing")
    with pytest.raises(InputError, match="no finished run has the figure response_s"):
        trend(reports, "response_s.p50")
