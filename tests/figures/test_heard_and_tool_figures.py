"""Figures of time as heard and of tool calls are counted if there is evidence, and absent otherwise."""

import pytest

from tests.support.made_runs import FORMS, answered, failed, made_run, summary_of
from voicelab.agent.base import ToolCall, Usage
from voicelab.metrics.tool_calls import Call
from voicelab.report.wording import in_unit
from voicelab.scoring.leading import leading
from voicelab.scoring.score_codec import decode, encode
from voicelab.scoring.turns import score_turns
from voicelab.text import normalizer

QUOTE = Call(name="quote", arguments={"company": "Apple"})
TOOL_FIGURES = {"tool_turns_right", "tool_calls_right", "tool_calls_missed", "tool_calls_extra"}


def calling(key, expected, made):
    calls = tuple(ToolCall(name=name, arguments={"company": company}) for name, company in made)
    return answered(key, expected_tool_calls=expected, tool_calls=calls)


CALLS = [
    calling("right", (QUOTE,), [("quote", "AAPL")]),
    calling("other company", (QUOTE,), [("quote", "Ford")]),
    calling("missed", (QUOTE,), []),
    calling("one more", (QUOTE,), [("quote", "Apple"), ("news", "Apple")]),
    calling("none wanted", (), [("quote", "Apple")]),
    calling("not scored", None, [("quote", "Apple")]),
]


def test_tool_calls_are_counted_over_turns_that_expect_some_or_none():
    found = summary_of(CALLS, made_run("openai")).figures
    counts = {name: (found[name].part, found[name].of, found[name].n) for name in TOOL_FIGURES}
    assert counts == {
        "tool_turns_right": (1, 5, 5),
        "tool_calls_right": (2, 4, 5),
        "tool_calls_missed": (1, 4, 5),
        "tool_calls_extra": (2, 5, 5),
    }


def test_a_run_without_expected_calls_shows_no_tool_figure():
    assert not TOOL_FIGURES & {name for name, _, _ in leading(summary_of([answered("a")]))}
    assert {name for name, _, _ in leading(summary_of(CALLS, made_run("openai")))} >= TOOL_FIGURES


def test_stored_scores_keep_tool_calls():
    for score in score_turns(CALLS, normalizer("english"), FORMS):
        assert decode([score.turn], encode([score])) == [score]


def test_early_answers_are_a_share_of_timed_turns_and_timed_turns_a_share_of_answered_ones():
    turns = [
        answered("early", response_s=-0.2),
        answered("fine", response_s=0.8),
        answered("cold", response_s=1.8, cold=True),
        answered("unclear", response_missing="agent: only one of the two detectors finds speech"),
        answered("burst"),
        failed("broken"),
    ]
    found = summary_of(turns).figures
    assert (found["early_answers"].part, found["early_answers"].of) == (1, 3)
    assert (found["response_timed"].part, found["response_timed"].of) == (3, 4)
    assert found["response_s.p50"].value == pytest.approx(0.3)


def test_first_token_is_timed_where_the_model_reports_it():
    turns = [answered(str(one), usage=Usage(first_token_s=one / 10)) for one in range(1, 4)]
    found = summary_of([*turns, answered("rules"), answered("unsaid", usage=Usage())]).figures
    assert (found["first_token_s.p50"].value, found["first_token_s.p50"].n) == (pytest.approx(0.2), 3)
    assert found["first_token_s.p95"].value is None


def test_tokens_and_cost_are_those_of_the_turns_whose_server_reports_them():
    spent = [
        Usage(prompt_tokens=100, completion_tokens=20, cost=0.25),
        Usage(prompt_tokens=50, completion_tokens=10),
        Usage(),
    ]
    turns = [answered(str(number), usage=usage) for number, usage in enumerate(spent)]
    found = summary_of([*turns, answered("rules")]).figures
    tokens, cost = found["tokens_per_turn"], found["cost_per_turn"]
    assert (tokens.value, tokens.n) == (90.0, 2)
    assert (cost.value, cost.n) == (0.25, 1)
    assert cost.interval is None
    assert not {"tokens_per_turn", "cost_per_turn"} & {name for name, _, _ in leading(summary_of([answered("a")]))}


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0.00091234, "0.000912"), (0.0, "0"), (1.2345, "1.23"), (204.4, "204"), (2040.0, "2,040"), (None, "–")],
)
def test_small_and_large_amounts_keep_their_digits(value, shown):
    """A turn with a small model costs less than 0.001 of a currency."""
    assert in_unit(value, "number") == shown


@pytest.mark.parametrize("cost", [0.0002, 0.1, 30.0])
def test_equal_costs_have_no_interval_and_the_reason_is_given(cost):
    equal = [answered(str(number), usage=Usage(cost=cost)) for number in range(8)]
    found = summary_of(equal).figures["cost_per_turn"]
    assert found.value == pytest.approx(cost)
    assert found.interval is None
    assert "do not differ" in found.no_interval
    found = summary_of([*equal, answered("dearer", usage=Usage(cost=2 * cost))]).figures["cost_per_turn"]
    assert found.interval.low < found.value < found.interval.high < 2 * cost
