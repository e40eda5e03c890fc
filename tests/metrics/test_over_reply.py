"""What an agent does when the caller speaks over its reply, and the figures of it."""

import pytest

from tests.support.made_runs import answered, summary_of
from voicelab.metrics.over_reply import PAUSE_S, over_reply_timing, talked_through, yielded
from voicelab.runs.conversation_recording import IN_A_BURST
from voicelab.runs.turn_content import SpokenOver, TurnFailure


def test_the_agent_stops_at_the_end_of_its_speech():
    assert over_reply_timing(1.0, [(0.0, 1.7)]).agent_stops_s == pytest.approx(0.7)
    assert over_reply_timing(1.0, [(0.0, 1.7), (4.0, 5.0)]).agent_stops_s == pytest.approx(0.7)


def test_a_short_pause_is_not_the_end():
    assert over_reply_timing(1.0, [(0.0, 1.7), (1.7 + PAUSE_S - 0.01, 3.0)]).agent_stops_s == pytest.approx(2.0)


@pytest.mark.parametrize("agent", [[], [(0.0, 0.9)], [(1.2, 2.0)]])
def test_an_agent_that_is_silent_cannot_stop(agent):
    found = over_reply_timing(1.0, agent)
    assert (found.agent_stops_s, found.reason) == (None, "the agent was silent when the caller began")


def test_a_reply_that_was_all_sent_before_ends_by_itself():
    assert over_reply_timing(1.0, [(0.0, 2.0)], pending_until_s=2.1).by_itself
    assert not over_reply_timing(1.0, [(0.0, 3.0)], pending_until_s=2.1).by_itself
    # Sound that comes at the pace of speech is hardly ahead.
    assert not over_reply_timing(1.0, [(0.0, 1.2)], pending_until_s=1.2).by_itself


def test_whether_an_agent_yields_or_talks_through_is_not_known_when_it_was_over_by_itself():
    assert [yielded(stops_s, by_itself=False) for stops_s in (0.0, 1.99, 2.0)] == [True, True, False]
    assert [yielded(stops_s, by_itself=True) for stops_s in (1.99, 2.0)] == [None, False]
    assert [talked_through(stops_s, by_itself=False) for stops_s in (1.0, 1.01)] == [False, True]
    assert [talked_through(stops_s, by_itself=True) for stops_s in (1.0, 1.01)] == [None, True]


def over(key, kind, stops_s, *, by_itself=False):
    spoken = SpokenOver(kind=kind, after_s=1.0, starts_s=5.0, agent_stops_s=stops_s, by_itself=by_itself)
    return answered(key, over_reply=spoken, talk_over_s=0.5, dead_air_s=3.0, response_s=0.4)


def test_the_figures_count_interruptions_and_each_kind_of_sound_apart():
    turns = [
        over("a", "interruption", 0.5),
        over("b", "interruption", 3.0),
        over("c", "interruption", 1.0, by_itself=True),
        over("d", "backchannel", 0.2),
        over("e", "backchannel", 4.0),
        over("f", "vocal_tic", 4.0),
        answered("g", over_reply=SpokenOver(kind="non_directed", after_s=1.0, missing="the reply was over before")),
        answered("h", talk_over_s=0.2, dead_air_s=0.0),
    ]
    figures = summary_of(turns).figures
    assert (figures["yield_rate"].part, figures["yield_rate"].of) == (1, 2)
    assert figures["yield_s.p50"].n == 1
    assert (figures["selectivity"].part, figures["selectivity"].of) == (2, 3)
    assert (figures["selectivity_backchannel"].part, figures["selectivity_backchannel"].of) == (1, 2)
    assert (figures["selectivity_vocal_tic"].part, figures["selectivity_vocal_tic"].of) == (1, 1)
    assert figures["selectivity_non_directed"].value is None
    # The caller's own overlap is not the agent's.
    assert figures["talk_over"].value == pytest.approx(0.2)
    assert figures["dead_air"].value == pytest.approx(18.0 / 7)


def failed(key, code, owner):
    failure = TurnFailure(code=code, message="it failed", owner=owner)
    return answered(key, status="failed", failure=failure, response_missing="the turn has no audio")


def test_a_request_without_a_reply_counts_unless_the_harness_failed_or_it_cannot_be_timed():
    turns = [
        answered("a", response_s=0.5),
        answered("b", response_s=None, response_missing="agent: the detectors differ by 200 ms"),
        failed("c", "no_reply", "agent"),
        failed("d", "bad_sample", "harness"),
        answered("e", response_missing=IN_A_BURST),
    ]
    figures = summary_of(turns).figures
    assert (figures["response_rate"].part, figures["response_rate"].of) == (1, 2)
