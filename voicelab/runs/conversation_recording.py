"""A conversation as two channels on one clock, and how each of its turns was heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicelab.audio.clip import Clip
from voicelab.audio.incoming import Mode
from voicelab.audio.playback import SoundPiece, as_heard, lane
from voicelab.audio.stereo import encode_flac
from voicelab.metrics.response_timing import ResponseTiming, Span, agreed_end, agreed_start, response_timing
from voicelab.targets.base import TurnOutcome
from voicelab.vad.speech_spans import SpeechSpans, speech_spans

RATE_HZ = 24_000
"""Of the recording."""
BETWEEN_TURNS_S = 0.3
IN_A_BURST = "the sound was sent in a burst, not at the pace of speech; add --mode realtime"
NO_SOUND = "no sound came back"
_TAIL_S = 0.5


@dataclass(frozen=True, slots=True)
class TurnSound:
    """The sound of one turn as it was heard, on the clock of the recording."""

    caller: tuple[SoundPiece, ...]
    agent: tuple[SoundPiece, ...]

    @property
    def start_s(self) -> float:
        return min((piece.at_s for piece in (*self.caller, *self.agent)), default=0.0)

    @property
    def end_s(self) -> float:
        return max((piece.end_s for piece in (*self.caller, *self.agent)), default=0.0)

    def later(self, by_s: float) -> TurnSound:
        return TurnSound(
            tuple(SoundPiece(piece.at_s + by_s, piece.clip) for piece in self.caller),
            tuple(SoundPiece(piece.at_s + by_s, piece.clip) for piece in self.agent),
        )


def turn_sound(take: TurnOutcome) -> TurnSound:
    """What the caller said when, and the reply as a player lets it sound, on the clock of the outcome."""
    return TurnSound(tuple(take.sent), tuple(as_heard(take.received, take.flushed)))


@dataclass(slots=True)
class ConversationRecording:
    """The turns of one conversation.

    In realtime mode the clock is that of the run. A burst is faster than speech: then each turn begins when the one
    before it is over, and the times between turns mean nothing.
    """

    mode: Mode
    _turns: list[TurnSound] = field(default_factory=list)
    _zero_s: float | None = None

    def add(self, take: TurnOutcome) -> ResponseTiming | None:
        """Add a turn and time it. None where it has no sound of the caller at all."""
        sound = turn_sound(take)
        if not sound.caller:
            return None
        if self._zero_s is None:
            self._zero_s = sound.start_s
        sound = sound.later(-self._zero_s)
        if self.mode == "burst" and self._turns:
            sound = sound.later(max(0.0, self._turns[-1].end_s + BETWEEN_TURNS_S - sound.start_s))
        self._turns.append(sound)
        return _timing(sound, self.mode)

    @property
    def is_empty(self) -> bool:
        return not self._turns

    def flac(self) -> bytes:
        """Stereo: the caller left, the agent right."""
        duration_s = max(turn.end_s for turn in self._turns) + _TAIL_S
        left = lane((piece for turn in self._turns for piece in turn.caller), 0.0, duration_s, RATE_HZ)
        right = lane((piece for turn in self._turns for piece in turn.agent), 0.0, duration_s, RATE_HZ)
        return encode_flac(left, right, RATE_HZ)


def _timing(sound: TurnSound, mode: Mode) -> ResponseTiming:
    if mode == "burst":
        return ResponseTiming(None, None, None, IN_A_BURST, 0.0, 0.0)
    caller = _spans_of(sound.caller)
    if not sound.agent:
        return ResponseTiming(agreed_end(caller.silero, caller.energy).at_s, None, None, NO_SOUND, 0.0, 0.0)
    agent = _spans_of(sound.agent)
    return response_timing(
        agreed_end(caller.silero, caller.energy),
        agreed_start(agent.silero, agent.energy),
        caller=caller.silero,
        agent=agent.silero,
    )


def _spans_of(pieces: tuple[SoundPiece, ...]) -> SpeechSpans:
    """Speech in one lane of a turn. The pieces are joined first: a detector takes a cut for an edge."""
    start_s, rate_hz = pieces[0].at_s, pieces[0].clip.rate_hz
    found = speech_spans(Clip(lane(pieces, start_s, pieces[-1].end_s - start_s, rate_hz), rate_hz))
    return SpeechSpans(_moved(found.silero, start_s), _moved(found.energy, start_s))


def _moved(spans: tuple[Span, ...], by_s: float) -> tuple[Span, ...]:
    return tuple((start + by_s, end + by_s) for start, end in spans)
