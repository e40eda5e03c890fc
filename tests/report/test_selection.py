"""A report of a large run shows the worst turns and a seeded sample, says so, and stays small."""

import random

import pytest

from tests.support.made_runs import answered, failed, in_scenario, keep_run, made_run
from voicelab.report import page, selection
from voicelab.report.selection import select_turns
from voicelab.scoring.summary import scores_of


def scores(turns):
    return scores_of(made_run(), turns, {})


GOOD = [answered(f"good-{one}") for one in range(60)]
BAD = [answered(f"bad-{one}", heard="what is") for one in range(5)]


def keys(found):
    return [score.turn.key for score in found.scores]


def test_a_small_run_is_shown_whole_and_in_order():
    turns = [*GOOD[:5], *BAD, failed("x")]
    found = select_turns(scores(turns), seed=0, most=20)
    assert found.is_complete
    assert found.note == ""
    assert keys(found) == [turn.key for turn in turns]
    assert found.worst_first[0].turn.key == "x"


def test_the_worst_are_shown_and_the_rest_is_a_sample_by_seed():
    turns = scores([*GOOD, *BAD])
    found = select_turns(turns, seed=7, most=20)
    assert {turn.key for turn in BAD} <= set(keys(found))
    assert len(found.scores) == 20
    assert found.sampled == 15
    assert keys(found) == keys(select_turns(turns, seed=7, most=20))
    assert keys(found) != keys(select_turns(turns, seed=8, most=20))
    assert "20 of 65 turns" in found.note
    assert "turns.parquet" in found.note


@pytest.mark.parametrize("most", [4, 11, 30])
def test_conversations_stay_whole(most):
    talk = [in_scenario(1), in_scenario(2, heard="no"), in_scenario(3)]
    found = select_turns(scores([*GOOD, *talk]), seed=random.randrange(100), most=most)
    shown = {key for key in keys(found) if key.startswith("s/")}
    assert shown in (set(), {turn.key for turn in talk})


def test_a_page_that_is_too_large_shows_fewer_turns(tmp_path, monkeypatch):
    turns = [answered(f"t{one}", heard=f"price {one}") for one in range(200)]
    folder = keep_run(tmp_path / "large", made_run(planned_turns=200), turns)
    monkeypatch.setattr(page, "_pictures", lambda summary: [])
    whole = page.write(folder).stat().st_size
    monkeypatch.setattr(page, "SIZE_LIMIT_BYTES", whole // 2)
    monkeypatch.setattr(page, "MOST_TURNS", 200)
    text = page.write(folder).read_text()
    assert len(text.encode()) <= whole // 2
    assert "of 200 turns" in text
    assert selection.MOST_TURNS == 1000
