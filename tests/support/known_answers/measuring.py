"""Hold the conversations of the table, and compare the measurements with the settings and the agent's actual times."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from tests.support.known_answers.behaviours import PIECE_S
from tests.support.known_answers.call import ANSWER, HEARD, Did, reply
from tests.support.known_answers.serving import KnownAgents, known_agents
from tests.support.known_answers.targets import Case
from tests.support.sharp_speech import recording, sharp_speech
from voicelab.audio.clip import Clip
from voicelab.audio.playback import as_heard
from voicelab.errors import ConnectionLostError, NoReplyError
from voicelab.metrics.response_timing import ResponseTiming
from voicelab.runs.conversation_recording import ConversationRecording
from voicelab.targets.background import short_pauses
from voicelab.targets.base import Interruption, TargetSettings, TurnOutcome, Utterance
from voicelab.targets.catalog import target_config

TIMEOUT_S = 8.0
ATTEMPTS = 6
"""Maximum number of measurements of a case that other load has disturbed."""
_INTERRUPTS_AFTER_S = 1.0
_LEADING_S = 0.2


@dataclass(frozen=True)
class Finding:
    """A figure of a case, in seconds.

    set_s: the setting of the agent. done_s: its actual time by its own clock. measured_s: None with the reason.
    """

    case: Case
    figure: str
    set_s: float
    done_s: float
    measured_s: float | None
    reason: str | None = None

    @property
    def error_s(self) -> float | None:
        """Measured minus set."""
        return None if self.measured_s is None else self.measured_s - self.set_s

    @property
    def added_s(self) -> float | None:
        """Measured minus done: the error of the measurement, without the delay of the agent."""
        return None if self.measured_s is None else self.measured_s - self.done_s


@dataclass(frozen=True)
class Take:
    """A completed conversation. outcome: None if it ended with an error. took_s: its total duration."""

    case: Case
    outcome: TurnOutcome | None
    error: str | None
    took_s: float


@dataclass(frozen=True)
class Measured:
    """A case and its figures, in the last of its tries."""

    take: Take
    findings: Sequence[Finding]
    tries: int


@cache
def speech() -> Clip:
    """The caller's speech."""
    return sharp_speech()


@cache
def said(leading_s: float, trailing_s: float) -> bytes:
    """The same as a recording with silence around it."""
    return recording(speech(), leading_s=leading_s, trailing_s=trailing_s)


async def converse(case: Case, port: int, folder: Path, timeout_s: float = TIMEOUT_S) -> Take:
    """Run a turn with the agent of a case, with an interruption if the case needs one."""
    target = target_config(case.known.spec.format(port=port)).build()
    await target.open(TargetSettings(folder, timeout_s=timeout_s))
    says = Interruption(Utterance(said(0.0, 0.0)), _INTERRUPTS_AFTER_S)
    interruption = says if case.set.stops_after_s is not None else None
    began_s = perf_counter()
    try:
        async with target.session("caller") as session:
            outcome = await session.speak(Utterance(said(_LEADING_S, case.trailing_s)), "realtime", interruption)
    except (ConnectionLostError, NoReplyError) as error:
        return Take(case, None, type(error).__name__, perf_counter() - began_s)
    finally:
        await target.close()
    return Take(case, outcome, outcome.error[0] if outcome.error else None, perf_counter() - began_s)


async def hold(cases: Sequence[Case], agents: KnownAgents, folder: Path, *, at_once: int) -> list[tuple[Take, Did]]:
    """Hold the conversations, at most at_once concurrently."""
    found = []
    for start in range(0, len(cases), at_once):
        numbers = range(start, min(len(cases), start + at_once))
        takes = await asyncio.gather(*(converse(cases[number], agents.ports[number], folder) for number in numbers))
        found += [(take, agents.did(number)) for number, take in zip(numbers, takes, strict=True)]
    return found


def measure(cases: Sequence[Case], *, at_once: int) -> list[tuple[Take, list[Finding]]]:
    """Serve the agents of these cases, talk with each, and compare.

    A first conversation is not counted: libraries are imported in it, which would delay the others.
    """
    for case in cases:  # created in advance, because this takes long and would delay the conversations
        said(_LEADING_S, case.trailing_s)
    said(0.0, 0.0)
    first = Case(cases[0].target, "delay")
    with known_agents([*cases, first]) as agents, TemporaryDirectory() as folder:
        asyncio.run(converse(first, agents.ports[-1], Path(folder)))
        with short_pauses():
            held = asyncio.run(hold(cases, agents, Path(folder), at_once=at_once))
    return [(take, findings(take, did)) for take, did in held]


def measure_again(
    cases: Sequence[Case], *, is_spoiled: Callable[[Sequence[Finding]], bool], attempts: int = ATTEMPTS
) -> list[Measured]:
    """Measure these cases concurrently; repeat each case that other load has disturbed, up to `attempts` times."""
    found = [Measured(take, findings, 1) for take, findings in measure(cases, at_once=len(cases))]
    for place, first in enumerate(found):
        # A conversation that is expected to end with an error has no figures.
        while found[place].findings and is_spoiled(found[place].findings) and found[place].tries <= attempts:
            ((take, again),) = measure([first.take.case], at_once=1)
            found[place] = Measured(take, again, found[place].tries + 1)
    return found


def findings(take: Take, did: Did) -> list[Finding]:
    """The figures of a conversation; none if it ended with an error."""
    if take.outcome is None:
        return []
    case, outcome = take.case, take.outcome
    timing = ConversationRecording("realtime").add(outcome)
    assert timing is not None
    found = [_response(case, timing, did)]
    if case.set.talks_over_at_s is not None:
        over_s = speech().duration_s - case.set.talks_over_at_s
        done_s = did.began_s + speech().duration_s - did.answered_s
        found.append(Finding(case, "talk-over", over_s, done_s, timing.talk_over_s))
    if case.set.stops_after_s is not None:
        done_s = did.stopped_s - did.interrupted_s
        over = timing.over_reply
        stops_s, reason = (over.agent_stops_s, over.reason) if over is not None else (None, "not interrupted")
        found.append(Finding(case, "yield latency", case.set.stops_after_s, done_s, stops_s, reason))
    if case.set.stutter_s:
        silent_s = case.set.stutter_s + case.known.held_s
        found.append(Finding(case, "dead air", silent_s, silent_s + did.late_s, timing.dead_air_s))
    if case.set.pace is not None:
        lasts_s = _slowed_s(case)
        found.append(Finding(case, "reply lasts", lasts_s, lasts_s, _lasts_s(outcome)))
    return found


def texts_right(take: Take) -> bool:
    """Whether the conversation has the agent's texts, each once, if the target sends them."""
    outcome = take.outcome
    assert outcome is not None
    return outcome.heard in (HEARD, None) and outcome.answer in (ANSWER, None)


def _response(case: Case, timing: ResponseTiming, did: Did) -> Finding:
    known = case.set
    if known.talks_over_at_s is not None:
        set_s = known.talks_over_at_s - speech().duration_s
        done_s = did.answered_s - did.began_s - speech().duration_s
    else:
        # A recording uploaded after its end cannot be answered earlier.
        set_s = max(known.delay_s, case.trailing_s) if case.known.hears_at_once else known.delay_s
        done_s = did.answered_s - did.ended_s
    leading_s = known.leading_s
    return Finding(case, "response", set_s + leading_s, done_s + leading_s, timing.response_s, timing.reason)


def _lasts_s(outcome: TurnOutcome) -> float:
    heard = as_heard(outcome.received, outcome.flushed)
    first: Clip = heard[0].clip
    return heard[-1].end_s - heard[0].at_s - (first.sound_start_s() or 0.0)


def _slowed_s(case: Case) -> float:
    pace = case.set.pace
    assert pace is not None
    (clips,) = reply(case.set, case.known.wire().rate_hz)
    return (len(clips) - 1) * PIECE_S / pace + clips[-1].duration_s + case.known.held_s
