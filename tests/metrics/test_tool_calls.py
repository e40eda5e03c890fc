"""Tool calls are compared in any order, by name and by the meaning of their arguments."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.made_runs import FORMS, answered
from voicelab.agent.base import ToolCall
from voicelab.metrics.tool_calls import Call, ToolCallCounts, compare_calls, same_value
from voicelab.runs.turn_content import TurnFailure
from voicelab.scoring.turns import tool_call_counts

SAME = same_value(FORMS)
APPLE, NVIDIA = Call("quote", {"company": "Apple"}), Call("quote", {"company": "NVDA"})


@pytest.mark.parametrize(
    ("expected", "made", "counts"),
    [
        ([], [], ToolCallCounts(1, 1)),
        ([APPLE], [Call("quote", {"company": "aapl"})], ToolCallCounts(1, 1, 1, 1, 1)),
        ([APPLE], [Call("quote", {"company": "Apple", "day": "today"})], ToolCallCounts(1, 1, 1, 1, 1)),
        ([APPLE], [NVIDIA], ToolCallCounts(1, 0, 1, 1, 0, wrong_arguments=1)),
        ([APPLE], [], ToolCallCounts(1, 0, 1, 0, 0, missed=1)),
        ([APPLE], [Call("news", {"company": "Apple"})], ToolCallCounts(1, 0, 1, 1, 0, missed=1, extra=1)),
        ([], [APPLE], ToolCallCounts(1, 0, 0, 1, 0, extra=1)),
        ([APPLE, NVIDIA], [NVIDIA, APPLE], ToolCallCounts(1, 1, 2, 2, 2)),
        ([APPLE], [APPLE, APPLE], ToolCallCounts(1, 0, 1, 2, 1, extra=1)),
        ([Call("quote")], [NVIDIA], ToolCallCounts(1, 1, 1, 1, 1)),
    ],
)
def test_the_counts_of_a_turn(expected: list[Call], made: list[Call], counts: ToolCallCounts) -> None:
    assert compare_calls(expected, made, SAME) == counts


def test_pairs_are_chosen_so_that_most_are_right() -> None:
    """With greedy pairing, the call without arguments would take the only match of the other."""
    counts = compare_calls([Call("quote"), APPLE], [APPLE, NVIDIA], SAME)
    assert (counts.right, counts.turns_right) == (2, 1)


@pytest.mark.parametrize(
    ("expected", "made", "same"),
    [
        ("NVIDIA", "nvda", True),
        ("NVIDIA", "Apple", False),
        ("NVIDIA", "the NVIDIA and Apple shares", False),
        ("$5", "five dollars", True),
        ("$5", "$50", False),
        (5, 5.0, True),
        (5, "5", True),
        (True, 1, False),
        (None, "x", False),
        (["Apple", "NVDA"], ["nvidia", "apple"], True),
        (["Apple", "NVDA"], ["apple"], False),
        (["Apple", "Apple"], ["apple", "nvda"], False),
        ({"a": "Apple"}, {"a": "AAPL", "b": 1}, True),
        ({"a": "Apple"}, "Apple", False),
        ("Apple", ["Apple"], False),
    ],
)
def test_arguments_are_compared_by_what_they_mean(expected: object, made: object, same: bool) -> None:
    assert SAME(expected, made) is same


calls = st.lists(
    st.builds(Call, st.sampled_from(["quote", "news"]), st.fixed_dictionaries({"company": st.sampled_from("ab")})),
    max_size=5,
)


@given(calls, calls, st.randoms())
def test_order_does_not_count_and_every_call_is_counted_once(
    expected: list[Call], made: list[Call], randomness: random.Random
) -> None:
    counts = compare_calls(expected, made, SAME)
    assert counts == compare_calls(randomness.sample(expected, len(expected)), made[::-1], SAME)
    assert counts.right + counts.wrong_arguments + counts.missed == counts.expected == len(expected)
    assert counts.right + counts.wrong_arguments + counts.extra == counts.made == len(made)
    assert compare_calls(expected, expected, SAME).turns_right == 1


def test_a_turn_is_scored_where_its_sample_expects_something() -> None:
    expected = (Call(name="quote", arguments={"company": "Apple"}),)
    made = (ToolCall(name="quote", arguments={"company": "AAPL"}),)
    assert tool_call_counts(answered("a"), FORMS) is None
    assert tool_call_counts(answered("a", expected_tool_calls=expected), FORMS) is None, "an older run kept no calls"
    scored = tool_call_counts(answered("a", expected_tool_calls=expected, tool_calls=made), FORMS)
    assert scored is not None
    assert scored.turns_right == 1
    silent = TurnFailure(code="no_speech", message="nothing")
    failed = {"status": "failed", "expected_tool_calls": expected, "tool_calls": ()}
    missed = tool_call_counts(answered("a", failure=silent, **failed), FORMS)
    assert missed is not None
    assert missed.missed == 1
    broken = TurnFailure(code="engine_failed", message="it broke")
    assert tool_call_counts(answered("a", failure=broken, **failed), FORMS) is None
