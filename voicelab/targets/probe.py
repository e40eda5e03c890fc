"""Probe a target: check in a few seconds, step by step, what it supports."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Literal

from voicelab.audio.playback import as_heard, pending_until_s
from voicelab.errors import ConnectionLostError, InputError, ServerError, UnreachableError, VoicelabError
from voicelab.metrics.over_reply import over_reply_timing, yielded
from voicelab.targets.base import (
    Capabilities,
    Interruption,
    Session,
    Target,
    TargetEvent,
    TargetSettings,
    TurnOutcome,
    Utterance,
)
from voicelab.targets.faults import NO_REPLY, Owner, owner_of

State = Literal["ok", "missing", "failed", "skipped"]
LIMIT_S = 12.0
CONNECTED, READY, ACCEPTED = "connected", "ready", "sound accepted"
HEARD, ANSWERED, SOUND, INTERRUPTED = (
    "caller transcript received", "reply text received", "reply audio received", "interruption honoured",
)  # fmt: skip
STEPS = (CONNECTED, READY, ACCEPTED, HEARD, ANSWERED, SOUND, INTERRUPTED)
NEEDED = (CONNECTED, READY, ACCEPTED)
"""Steps that evaluate needs. In addition, a reply must arrive in some form."""
_INTERRUPTS_AFTER_S = 0.5
_CLOSES_S = 0.2
_MESSAGES_SHOWN = 6
_FIGURES = {
    "caller transcript": ("transcript", "word error rate, entity recall in transcripts, transcript_s"),
    "partial transcript": ("partial transcript", "entity commit time, flicker, word error rate over time"),
    "reply text": ("reply text", "entity recall in replies, reply_text_s"),
    "entities": ("entities", "intent accuracy, companies linked"),
    "end of reply": ("end of a reply", "turn_s"),
    "turn detection": ("detected end of turn", "cut-offs"),
    "interruption": ("acknowledged interruption", "yield latency, yield rate, selectivity"),
    "stage times": ("stage times", "the stages, overhead_s, rtf"),
    "session state": ("session state", "figures of the session beyond those of its turns"),
}
"""The readable name of each signal that figures need, and these figures."""


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the probe. detail: the finding, or a sentence that says how to fix the problem."""

    name: str
    state: State
    detail: str


@dataclass(slots=True)
class ProbeResult:
    """fault: who caused the failure of a step; None if no step failed. messages: the last ones before the failure.
    missing: figures that will not be available and why.
    """

    target: str
    steps: list[Step] = field(default_factory=list)
    fault: Owner | None = None
    messages: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    took_s: float = 0.0

    @property
    def usable(self) -> bool:
        """Whether evaluate can measure this target."""
        states = {step.name: step.state for step in self.steps}
        answers = any(states.get(name) == "ok" for name in (HEARD, ANSWERED, SOUND))
        return answers and all(states.get(name) == "ok" for name in NEEDED)

    def add(self, name: str, state: State, detail: str) -> None:
        self.steps.append(Step(name, state, detail))


async def probe(
    name: str, target: Target, settings: TargetSettings, utterance: Utterance, *, limit_s: float = LIMIT_S
) -> ProbeResult:
    """Hold a conversation of one or two turns with a target, and record the result of each step.

    Takes at most limit_s, and a few seconds to close the connection.

    Never raises because of the target's behaviour: a failed step contains the reason.
    """
    result, started_s = ProbeResult(name), perf_counter()
    prober = _Prober(result, target, utterance, until_s=asyncio.get_running_loop().time() + limit_s - _CLOSES_S)
    try:
        async with asyncio.timeout(limit_s):
            await prober.run(settings)
    except TimeoutError:
        # Closing may exceed the limit too, after every step has a result.
        if len(result.steps) < len(STEPS):
            prober.fail(
                f"no answer within {limit_s:g} s; check that the agent uses this protocol, or increase --limit-s",
                owner_of(NO_REPLY),
            )
    except VoicelabError as error:
        prober.fail_by(error)
    absent = [_FIGURES[name] for name in _seen(target.capabilities, result).missing if name in _FIGURES]
    result.missing = tuple(f"{figures}: not available, because the target sends no {name}" for name, figures in absent)
    result.took_s = perf_counter() - started_s
    return result


def _seen(declared: Capabilities, result: ProbeResult) -> Capabilities:
    """Return the declared capabilities without the texts that did not arrive."""
    states = {step.name: step.state for step in result.steps}
    return replace(
        declared,
        caller_transcript=declared.caller_transcript and states.get(HEARD) != "missing",
        reply_text=declared.reply_text and states.get(ANSWERED) != "missing",
    )


class _Prober:
    """Runs the steps; `fail` refers to the current one."""

    def __init__(self, result: ProbeResult, target: Target, utterance: Utterance, until_s: float) -> None:
        self._result = result
        self._target = target
        self._utterance = utterance
        self._until_s = until_s
        self._current = CONNECTED
        self._session: Session | None = None

    async def run(self, settings: TargetSettings) -> None:
        async with self._opened(settings):
            self._ok(CONNECTED, "it can be reached")
            self._current = READY
            async with self._target.session("voicelab-probe") as session:
                self._session = session
                self._ok(READY, f"session {session.session_id}" if session.session_id else "a session began")
                self._current = ACCEPTED
                try:
                    await self._converse(session)
                except VoicelabError as error:  # before closing, which may take until the limit
                    self.fail_by(error)

    async def _converse(self, session: Session) -> None:
        outcome = await self._answered(session)
        if outcome is None:
            return
        if outcome.error is not None:
            code, message = outcome.error
            self.fail(f"the turn failed with {code}: {message}", owner_of(code))
            return
        self._shown(outcome)
        if self._target.capabilities.interruption and outcome.received:
            self._current = INTERRUPTED
            await self._interrupt(session)
        else:
            declares = (
                "the target does not declare interruption" if outcome.received else "there was no reply to interrupt"
            )
            self._result.add(INTERRUPTED, "skipped", declares)

    def fail_by(self, error: VoicelabError) -> None:
        """Record an error as the failure of the current step. If an open connection ends, the agent ended it."""
        if isinstance(error, UnreachableError) or (isinstance(error, InputError) and self._session is None):
            # Some targets connect only when the conversation begins.
            self._result.steps.clear()
            self._current = CONNECTED
            self.fail(str(error), "harness")
        elif isinstance(error, ServerError):
            self.fail(str(error), owner_of(error.code))
        else:
            self.fail(str(error), "agent" if isinstance(error, ConnectionLostError) else "harness")

    def fail(self, why: str, owner: Owner) -> None:
        """Record the failure of the current step with the messages before it; later steps were not tried."""
        self._result.add(self._current, "failed", why)
        self._result.fault = owner
        messages: Iterable[TargetEvent] = getattr(self._session, "messages", ())
        self._result.messages = tuple(
            f"{message.name} {message.text!r}" if message.text else message.name
            for message in list(messages)[-_MESSAGES_SHOWN:]
        )
        done = {step.name for step in self._result.steps}
        for name in STEPS:
            if name not in done:
                self._result.add(name, "skipped", f"not tried: {self._current} failed")

    def _ok(self, name: str, detail: str) -> None:
        self._result.add(name, "ok", detail)

    @asynccontextmanager
    async def _opened(self, settings: TargetSettings) -> AsyncIterator[None]:
        await self._target.open(settings)
        try:
            yield
        finally:
            with suppress(TimeoutError):
                await self._target.close()

    def _shown(self, outcome: TurnOutcome) -> None:
        """Record the steps that a turn confirms."""
        sent_s = sum(piece.clip.duration_s for piece in outcome.sent)
        self._ok(ACCEPTED, f"{sent_s:.1f} s of speech at the pace of a microphone")
        capabilities = self._target.capabilities
        self._text(HEARD, outcome.heard, capabilities.caller_transcript)
        self._text(ANSWERED, outcome.answer, capabilities.reply_text)
        if not outcome.received:
            self._result.add(SOUND, "missing", "no audio arrived; response times as heard cannot be measured")
            return
        self._ok(SOUND, _sound(outcome))

    def _text(self, name: str, text: str | None, declared: bool) -> None:
        if text is not None:
            self._ok(name, repr(str(text)[:80]))
        elif declared:
            self._result.add(name, "missing", "none arrived, although targets of this kind can send it")
        else:
            self._result.add(name, "missing", "targets of this kind do not send it")

    async def _answered(self, session: Session) -> TurnOutcome | None:
        """Speak, and return what came. None where the reply was not over in time, after noting as much as is known."""
        try:
            async with asyncio.timeout_at(self._until_s):
                return await session.speak(self._utterance, "realtime")
        except TimeoutError:
            so_far: TurnOutcome | None = getattr(session, "outcome_so_far", None)
            if so_far is None or so_far.error is not None or not (so_far.received or so_far.answer):
                raise
            if so_far.received:
                self._shown(so_far)
                self._result.add(INTERRUPTED, "skipped", _not_over("the reply"))
            else:
                self.fail(_not_over("the reply"), owner_of(NO_REPLY))
            return None

    async def _interrupt(self, session: Session) -> None:
        """Interrupt a second reply. The agent's next answer need not be complete."""
        interruption = Interruption(self._utterance, _INTERRUPTS_AFTER_S)
        try:
            async with asyncio.timeout_at(self._until_s):
                outcome = await session.speak(self._utterance, "realtime", interruption)
        except TimeoutError:
            so_far: TurnOutcome | None = getattr(session, "outcome_so_far", None)
            if so_far is None or so_far.interrupted_at_s is None:
                self._result.add(INTERRUPTED, "skipped", _not_over("the second reply"))
                return
            outcome = so_far
        self._result.add(INTERRUPTED, *_interruption_result(outcome))


def _not_over(what: str) -> str:
    return f"{what} was not over within the time of the probe; raise --limit-s"


def _interruption_result(outcome: TurnOutcome) -> tuple[State, str]:
    """Whether the agent stopped for an interruption."""
    began_s = outcome.interrupted_at_s
    if began_s is None:
        return "skipped", "the reply was over before it could be interrupted"
    heard = [(piece.at_s, piece.end_s) for piece in as_heard(outcome.received, outcome.flushed)]
    pending_s = pending_until_s(outcome.received, outcome.flushed, began_s)
    found = over_reply_timing(began_s, heard, pending_s)
    if found.agent_stops_s is None:
        return "skipped", "the reply was over before it could be interrupted"
    if (stopped := yielded(found.agent_stops_s, found.by_itself)) is None:
        return "skipped", "the reply ended by itself while it was interrupted"
    if stopped:
        return "ok", f"the agent stopped {1000 * found.agent_stops_s:.0f} ms after the caller began"
    return "missing", f"the agent continued for {found.agent_stops_s:.1f} s"


def _sound(outcome: TurnOutcome) -> str:
    """Return rate, duration and speed of a reply: at real time, or faster."""
    total_s = sum(piece.clip.duration_s for piece in outcome.received)
    first, last = outcome.received[0], outcome.received[-1]
    delivered_s = last.at_s - first.at_s
    ahead_s = total_s - last.clip.duration_s
    pace = "all at once" if delivered_s < 0.05 else f"{ahead_s / delivered_s:.1f} times real time"
    return f"{total_s:.1f} s at {first.clip.rate_hz} Hz, {pace}"
