"""Measurements of a known-answer agent equal its actual times, for every protocol: a short known-answer table."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from openai.types.realtime.realtime_server_event import RealtimeServerEvent
from pydantic import TypeAdapter

from tests.support.known_answers.behaviours import BEHAVIOURS, TRAILING_S
from tests.support.known_answers.call import ANSWER, HEARD
from tests.support.known_answers.measuring import Finding, measure, measure_again, texts_right
from tests.support.known_answers.targets import TARGETS, Case, cases_of
from tests.support.known_answers.wires import RealtimeAgentWire
from tests.support.tones import tone
from voicelab.audio.clip import Clip

WITHIN_S = 0.020
BUSY_S = 0.15
"""Maximum delay of an agent on a busy machine for which a finding is meaningful."""


def is_right(found: Finding) -> bool:
    return found.added_s is not None and abs(found.added_s) <= WITHIN_S


def check(cases: list[Case]) -> None:
    """Every figure is what the agent did. Those that a busy machine spoiled are measured again, alone."""
    for one in measure_again(cases, is_spoiled=is_spoiled):
        assert one.findings, (one.take.case, one.take.error)
        assert not is_spoiled(one.findings), one


def is_spoiled(found: Sequence[Finding]) -> bool:
    """Whether a figure is wrong or missing, or the agent acted too late for a finding to say anything."""
    return not all(is_right(one) and abs(one.done_s - one.set_s) < BUSY_S for one in found)


def test_the_response_is_measured_over_every_protocol():
    check([Case(target, "delay and silence") for target in TARGETS])


def test_trailing_silence_and_every_behaviour_change_no_figure():
    names = [name for name in BEHAVIOURS if name not in ("drops", "delay and silence")]
    check(
        [
            *(Case("openai-realtime", name) for name in names),
            *(Case("voicelab", "delay", trailing_s) for trailing_s in TRAILING_S),
            *(Case("twilio, twilio", "delay", trailing_s) for trailing_s in TRAILING_S),
        ]
    )


def test_repeated_events_count_once_and_drops_end_in_time():
    cases = [Case(target, name) for target in TARGETS for name in ("repeats", "drops")]
    cases = [case for case in cases if case.behaviour in case.known.behaviours]
    for take, _ in measure(cases, at_once=len(cases)):
        if take.case.behaviour == "drops":
            assert (take.outcome, take.error) == (None, "ConnectionLostError"), take.case
            assert take.took_s < 15.0
        else:
            assert texts_right(take), (take.case, take.outcome and (take.outcome.heard, take.outcome.answer))


def test_every_event_of_the_known_agent_is_one_of_openai():
    wire, model = RealtimeAgentWire(), TypeAdapter(RealtimeServerEvent)
    sound = wire.pieces([tone(0.2, wire.rate_hz)])
    for event in (*wire.hello(), *wire.texts(HEARD, ANSWER), *sound, *wire.end(), *wire.interrupted()):
        model.validate_json(event)
    (appended,) = [wire.read('{"type": "input_audio_buffer.append", "audio": "AAAA"}').clip]
    assert isinstance(appended, Clip)


@pytest.mark.parametrize("target", TARGETS)
def test_the_table_has_each_behaviour_that_a_protocol_can_show(target):
    listed = {case.behaviour for case in cases_of(target)}
    assert listed == set(TARGETS[target].behaviours)
