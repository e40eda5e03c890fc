"""The state of one turn: received events, their times, and the end of the turn."""

from dataclasses import dataclass, field

from voicelab.agent.base import ToolCall
from voicelab.audio.clip import Clip
from voicelab.targets.base import PartialTranscript, SoundPiece, TargetEvent, TurnOutcome
from voicelab.targets.streaming import events
from voicelab.targets.streaming.wire import Reading

MOST_MESSAGES = 20_000
"""Maximum number of messages in one turn."""
MOST_UNREADABLE = 100
"""Number of unreadable messages after which the turn fails."""


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """Limits, in seconds, that end a turn.

    timeout_s: longest wait for a reply after the caller has finished, and for its audio if an end message is expected.
    quiet_s: a reply without an end message ends if nothing arrives for this long after its audio. end_wait_s: the same
    if an end message is expected, before the audio, and after an interruption, which the agent need not answer.
    transcript_wait_s: longest wait for the caller's transcript after the reply. longest_reply_s: a reply that lasts
    longer than this fails the turn, whether it consists of audio or of other messages.
    """

    timeout_s: float = 30.0
    quiet_s: float = 1.5
    end_wait_s: float = 5.0
    transcript_wait_s: float = 2.0
    longest_reply_s: float = 120.0

    @property
    def longest_wait_s(self) -> float:
        """The turn fails if it is not over this long after the caller has finished."""
        return self.timeout_s + self.longest_reply_s + self.end_wait_s


class Playout:
    """Plays a reply while it arrives: `audio.playback` piece by piece. `pieces` contains when each one is heard.

    `drop` discards audio that was not heard yet, like a player that is interrupted.
    """

    def __init__(self) -> None:
        self.pieces: list[SoundPiece] = []

    @property
    def ends_s(self) -> float:
        """The end of the last piece; minus infinity before the first."""
        return self.pieces[-1].end_s if self.pieces else float("-inf")

    def add(self, came_s: float, clip: Clip) -> None:
        self.pieces.append(SoundPiece(max(came_s, self.ends_s), clip))

    def drop(self, now_s: float) -> None:
        """Drop everything after now_s."""
        kept = [piece for piece in self.pieces if piece.at_s < now_s]
        if kept and kept[-1].end_s > now_s:
            last = kept.pop()
            kept.append(SoundPiece(last.at_s, last.clip.between(0.0, now_s - last.at_s)))
        self.pieces = kept

    def played_s(self, now_s: float) -> float:
        """Return the seconds of audio that were heard until now_s."""
        return sum(min(piece.clip.duration_s, max(0.0, now_s - piece.at_s)) for piece in self.pieces)


@dataclass(slots=True)
class TurnState:
    """Collects the events of one turn.

    marks_end: the target reports the end of a reply. wants_transcript: the target sends a transcript of the caller.
    gives_sound: its reply has audio, which may come much later than the text.
    """

    limits: TurnLimits
    marks_end: bool
    wants_transcript: bool
    gives_sound: bool = False
    outcome: TurnOutcome = field(default_factory=TurnOutcome)
    playout: Playout = field(default_factory=Playout)
    finished_s: float | None = None
    """When the caller finished, including an interruption; None while the caller speaks."""
    ended_s: float | None = None
    """When the target reported the end of its reply."""
    first_sound_at_s: float | None = None
    interrupted_by_us: bool = False
    unreadable: int = 0
    first_unreadable: str = ""
    messages: int = 0
    _last_s: float = float("-inf")
    _last_whole_text: Reading | None = None
    _text_parts: list[str] = field(default_factory=list)
    _open_text: str = ""
    _heard_parts: list[str] = field(default_factory=list)
    _transcript_at_s: float | None = None
    _text_at_s: float | None = None

    @property
    def has_reply(self) -> bool:
        """Whether any part of a reply has arrived."""
        return bool(self.playout.pieces or self._text_at_s is not None or self.outcome.tool_calls)

    def take(self, at_s: float, reading: Reading) -> None:
        """Record a message and its events."""
        self.messages += 1
        if self.messages > MOST_MESSAGES:
            self.fail("flood", f"the target sent more than {MOST_MESSAGES} messages in one turn")
            return
        if not any(isinstance(event, events.ReplySound) for event in reading.events):
            self.outcome.events.append(TargetEvent(at_s, reading.name, reading.text))
        whole_text = reading if _is_whole_text(reading) else None
        if whole_text is not None and whole_text == self._last_whole_text:
            return  # sent twice in a row
        self._last_whole_text = whole_text
        for event in reading.events:
            self._take_event(at_s, event)

    def take_unreadable(self, at_s: float, reason: str) -> None:
        self.unreadable += 1
        self.first_unreadable = self.first_unreadable or reason
        if self.unreadable <= MOST_UNREADABLE:
            self.outcome.events.append(TargetEvent(at_s, "unreadable message", reason))
        else:
            self.fail(
                "unreadable_messages", f"more than {MOST_UNREADABLE} messages could not be parsed; the first: {reason}"
            )

    def fail(self, code: str, message: str) -> None:
        """End the turn with this error, unless it has one already."""
        if self.outcome.error is None:
            self.outcome.error = (code, message)

    def _take_event(self, at_s: float, event: events.Event) -> None:
        match event:
            case events.CallerText():
                self._take_heard(at_s, event)
            case events.AgentText():
                self._take_text(at_s, event)
            case events.ReplySound(clip) if len(clip.samples):
                self._take_sound(at_s, event)
            case events.ReplyEnd():
                self.ended_s, self._last_s = at_s, at_s
            case events.ReplyContinues() | events.CallerStopped():
                self.ended_s, self._last_s = None, at_s
            case events.ReplyInterrupted():
                self.interrupt(at_s)
            case events.AgentToolCall(name, arguments, _):
                self._last_s = at_s
                self.outcome.tool_calls = [*(self.outcome.tool_calls or ()), ToolCall(name, arguments)]
            case events.Fault(code, message, True, True):
                self.fail("bad_message", f"the target refused one of our messages: {code}: {message}")
            case events.Fault(code, message, True, False):
                self.fail(code, message)
            case events.HungUp(reason):
                self.fail("hung_up", f"the target ended the conversation{f': {reason}' if reason else ''}")

    def _take_heard(self, at_s: float, event: events.CallerText) -> None:
        if self.interrupted_by_us and self._heard_parts:
            return  # the transcript of the interruption is in the events
        text = event.text.strip()
        if event.delta and self._heard_parts:
            self._heard_parts[-1] += event.text
            self._transcript_at_s = at_s
        elif event.final:
            if text:
                self._heard_parts.append(text)
            self._transcript_at_s = at_s
        self.outcome.heard = " ".join([*self._heard_parts, *([] if event.final or not text else [text])]).strip()
        self.outcome.partials.append(PartialTranscript(at_s, self.outcome.heard))

    def _take_text(self, at_s: float, event: events.AgentText) -> None:
        if self.interrupted_by_us and self.finished_s is None:
            return
        self._text_at_s = self._text_at_s if self._text_at_s is not None else at_s
        self._last_s = at_s
        if event.delta:
            self._open_text += event.text
        else:
            self._text_parts.append(event.text)
            self._open_text = ""
        parts = [part.strip() for part in [*self._text_parts, self._open_text]]
        self.outcome.answer = " ".join(filter(None, parts))

    def _take_sound(self, at_s: float, event: events.ReplySound) -> None:
        self.playout.add(at_s, event.clip)
        self.outcome.received.append(SoundPiece(at_s, event.clip))
        self.outcome.chunks += 1
        self._last_s = at_s
        if self.first_sound_at_s is None and event.clip.sound_start_s() is not None:
            self.first_sound_at_s = at_s
        if self.playout.ends_s - self.playout.pieces[0].at_s > self.limits.longest_reply_s:
            self.fail("reply_too_long", f"the reply is longer than {self.limits.longest_reply_s:g} s")

    def over_at_s(self) -> float:
        """When the turn ends if nothing more arrives; infinity while the caller speaks."""
        if self.outcome.error is not None:
            return float("-inf")
        if self.finished_s is None:
            return float("inf")
        return min(self._ends_at_s(self.finished_s), self.finished_s + self.limits.longest_wait_s)

    def check_length(self, now_s: float) -> None:
        """Fail a turn whose reply goes on for too long."""
        if self.finished_s is not None and now_s >= self.finished_s + self.limits.longest_wait_s:
            self.fail("reply_too_long", f"the reply was not over {self.limits.longest_wait_s:g} s after the caller")

    def _ends_at_s(self, finished_s: float) -> float:
        if not self.has_reply and self.ended_s is None:
            return finished_s + self.limits.timeout_s
        heard_s = max(self.playout.ends_s, self._last_s, finished_s)
        lacks_sound = self.gives_sound and not self.playout.pieces
        waits_long = self.interrupted_by_us or lacks_sound
        quiet_s = max(self.limits.quiet_s, self.limits.end_wait_s if waits_long else 0.0)
        if not self.marks_end:
            return heard_s + quiet_s
        if self.ended_s is None:
            silent_until_s = finished_s + self.limits.timeout_s if lacks_sound else 0.0
            return max(silent_until_s, heard_s + self.limits.end_wait_s)
        if self.ended_s < finished_s:
            # It answered before the caller had finished, so it may answer again.
            return max(self.playout.ends_s, finished_s + quiet_s)
        over_s = max(self.playout.ends_s, self.ended_s)
        waits = self.wants_transcript and self._transcript_at_s is None
        return max(over_s, self.ended_s + self.limits.transcript_wait_s) if waits else over_s

    def finish(self, t_end: float) -> TurnOutcome:
        """Return the outcome, with all times relative to t_end."""
        outcome = self.outcome
        outcome.t_end = t_end
        outcome.transcript_s = _since(self._transcript_at_s, t_end)
        outcome.reply_text_s = _since(self._text_at_s, t_end)
        outcome.first_audio_s = _since(self.first_sound_at_s, t_end)
        last_sound_s = outcome.received[-1].at_s if outcome.received else None
        ended = [at_s for at_s in (self.ended_s, last_sound_s) if at_s is not None]
        outcome.turn_s = _since(max(ended), t_end) if ended and outcome.error is None else None
        return outcome

    def interrupt(self, at_s: float) -> float | None:
        """Drop audio that was not heard yet. Returns the seconds that were heard; None if all of it was."""
        if self.playout.ends_s <= at_s:
            return None
        played_s = self.playout.played_s(at_s)
        self.playout.drop(at_s)
        self.outcome.flushed.append(at_s)
        return played_s


def _is_whole_text(reading: Reading) -> bool:
    """Return whether a message contains only texts that do not continue a previous text."""
    texts = [event for event in reading.events if isinstance(event, events.CallerText | events.AgentText)]
    return bool(texts) and len(texts) == len(reading.events) and not any(text.delta for text in texts)


def _since(at_s: float | None, t_end: float) -> float | None:
    return None if at_s is None else at_s - t_end
