"""The end and the outcome of a turn: laws of the turn's state, with a simulated clock."""

from __future__ import annotations

import pytest

from tests.support.tones import tone
from voicelab.audio.clip import Clip
from voicelab.audio.playback import as_heard
from voicelab.targets.streaming import events
from voicelab.targets.streaming.turn import MOST_UNREADABLE, Playout, TurnLimits, TurnState
from voicelab.targets.streaming.wire import Reading

LIMITS = TurnLimits(timeout_s=10.0, quiet_s=1.0, end_wait_s=3.0, transcript_wait_s=2.0, longest_reply_s=20.0)


def turn(*came, finished_s=0.0, marks_end=True, wants_transcript=False, gives_sound=False) -> TurnState:
    state = TurnState(LIMITS, marks_end, wants_transcript, gives_sound)
    state.finished_s = finished_s
    for at_s, *found in came:
        state.take(at_s, Reading("message", tuple(found)))
    return state


def test_without_a_reply_a_turn_is_over_after_the_time_allowed():
    assert turn().over_at_s() == 10.0
    assert turn((2.0, events.CallerText("hello"))).over_at_s() == 10.0


def test_a_turn_is_not_over_while_the_caller_speaks():
    state = turn((1.0, events.ReplySound(tone(0.5)), events.ReplyEnd()))
    state.finished_s = None
    assert state.over_at_s() == float("inf")


def test_a_reply_is_over_when_its_sound_has_been_heard_not_when_it_came():
    assert turn((1.0, events.ReplySound(tone(5.0))), (1.1, events.ReplyEnd())).over_at_s() == pytest.approx(6.0)


def test_without_an_end_message_a_reply_ends_when_nothing_more_comes():
    state = turn((1.0, events.ReplySound(tone(2.0))), marks_end=False)
    assert state.over_at_s() == pytest.approx(1.0 + 2.0 + LIMITS.quiet_s)


def test_an_end_message_that_never_comes_is_waited_for_and_then_given_up():
    outcome = turn((1.0, events.ReplySound(tone(2.0))))
    assert outcome.over_at_s() == pytest.approx(1.0 + 2.0 + LIMITS.end_wait_s)
    assert outcome.finish(0.0).turn_s == 1.0


def test_the_sound_of_a_reply_may_come_long_after_its_text():
    text, sound = (1.0, events.AgentText("yes")), (8.0, events.ReplySound(tone(2.0)))
    assert turn(text, gives_sound=True).over_at_s() == LIMITS.timeout_s
    assert turn(text).over_at_s() == 1.0 + LIMITS.end_wait_s
    assert turn(text, sound, gives_sound=True).over_at_s() == pytest.approx(8.0 + 2.0 + LIMITS.end_wait_s)
    assert turn(text, (1.5, events.ReplyEnd()), gives_sound=True).over_at_s() == 1.5
    assert turn(text, gives_sound=True, marks_end=False).over_at_s() == 1.0 + LIMITS.end_wait_s


def test_the_transcript_may_come_after_the_reply():
    came = ((1.0, events.AgentText("yes")), (1.5, events.ReplyEnd()))
    assert turn(*came, wants_transcript=True).over_at_s() == 1.5 + LIMITS.transcript_wait_s
    assert turn(*came, (2.0, events.CallerText("hello")), wants_transcript=True).over_at_s() == 1.5


def test_an_agent_that_answers_before_the_caller_has_finished_may_answer_again():
    early = ((0.5, events.ReplySound(tone(0.1)), events.ReplyEnd()),)
    assert turn(*early, finished_s=2.0).over_at_s() == 2.0 + LIMITS.quiet_s
    outcome = turn(*early, finished_s=2.0).finish(2.0)
    assert outcome.first_audio_s == -1.5


def test_texts_of_both_sides_are_joined_in_their_order():
    state = turn(
        (1.0, events.CallerText("buy", final=False)),
        (1.1, events.CallerText("buy two", final=True)),
        (1.2, events.CallerText("shares", final=True)),
        (2.0, events.AgentText("You ", delta=True)),
        (2.1, events.AgentText("own", delta=True)),
        (2.2, events.AgentText("You own two.")),
        (2.3, events.AgentText("Anything else?")),
    )
    outcome = state.finish(1.0)
    assert (outcome.heard, outcome.answer) == ("buy two shares", "You own two. Anything else?")
    assert outcome.transcript_s == pytest.approx(0.2)
    assert outcome.reply_text_s == pytest.approx(1.0)


def test_pieces_of_a_transcript_keep_their_spaces():
    parts = ("Add", " N", "VDA", " please")
    state = turn(*((0.1 * n, events.CallerText(part, delta=True)) for n, part in enumerate(parts)))
    assert state.outcome.heard == "Add NVDA please"


def test_silence_that_comes_first_is_no_reply_yet():
    silence, sound = Clip.silence(0.2), tone(0.2)
    outcome = turn((1.0, events.ReplySound(silence)), (1.2, events.ReplySound(sound))).finish(0.0)
    assert outcome.first_audio_s == 1.2
    assert [piece.at_s for piece in outcome.received] == [1.0, 1.2]


def test_sound_that_was_dropped_before_it_was_played_is_not_heard():
    outcome = turn(
        (1.0, events.ReplySound(tone(4.0))), (2.5, events.ReplyInterrupted()), (2.6, events.ReplyEnd())
    ).finish(0)
    assert outcome.flushed == [2.5]
    heard = as_heard(outcome.received, outcome.flushed)
    assert sum(piece.clip.duration_s for piece in heard) == pytest.approx(1.5)


@pytest.mark.parametrize(
    ("came", "code"),
    [
        ([(1.0, events.Fault("boom", "it broke"))], "boom"),
        ([(1.0, events.Fault("boom", "it broke", harness=True))], "bad_message"),
        ([(1.0, events.HungUp("bye"))], "hung_up"),
        ([(1.0 + n, events.ReplySound(tone(5.0))) for n in range(5)], "reply_too_long"),
    ],
)
def test_a_fault_ends_the_turn_at_once(came, code):
    state = turn(*came)
    assert state.over_at_s() == float("-inf")
    assert state.finish(0.0).error[0] == code


def test_some_messages_may_be_unreadable_and_many_may_not():
    state = turn()
    for _ in range(MOST_UNREADABLE):
        state.take_unreadable(1.0, "no JSON")
    assert state.outcome.error is None
    state.take_unreadable(1.0, "no JSON")
    assert state.outcome.error[0] == "unreadable_messages"


def test_a_player_never_runs_ahead_and_never_leaves_a_gap_of_its_own():
    playout = Playout()
    playout.add(1.0, tone(0.5))
    playout.add(1.1, tone(0.5))
    playout.add(3.0, tone(0.5))
    assert [piece.at_s for piece in playout.pieces] == [1.0, 1.5, 3.0]
    assert playout.played_s(1.75) == pytest.approx(0.75)
    assert playout.played_s(9.0) == pytest.approx(1.5)
