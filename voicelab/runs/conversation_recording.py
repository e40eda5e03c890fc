"""Records a conversation in two channels on one clock, and times its turns as heard."""

from __future__ import annotations

from dataclasses import dataclass, field

from voicelab.audio.clip import Clip
from voicelab.audio.incoming import Mode
from voicelab.audio.playback import SoundPiece, as_heard, channel
from voicelab.audio.stereo import encode_flac
from voicelab.metrics.response_timing import ResponseTiming, Span, agreed_end, agreed_start, response_timing
from voicelab.targets.base import TurnOutcome
from voicelab.vad.speech_spans import SpeechSpans, speech_spans

RATE_HZ = 24_000
"""Sample rate of the recording in Hz."""
BETWEEN_TURNS_S = 0.3
IN_A_BURST = "the audio was sent in a burst, not in real time; add --mode realtime"
NO_SOUND = "no audio was received"
_TAIL_S = 0.5


@dataclass(frozen=True, slots=True)
class TurnSound:
    """The audio of one turn as heard, on the clock of the recording."""

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
    """Return the caller's audio, and the reply at its playback times, on the clock of the outcome."""
    return TurnSound(tuple(take.sent), tuple(as_heard(take.received, take.flushed)))


@dataclass(slots=True)
class ConversationRecording:
    """The turns of one conversation.

    In realtime mode the clock is that of the run. A burst is faster than speech, so each turn then starts when the
    previous one ends, and times between turns are meaningless.
    """

    mode: Mode
    _turns: list[TurnSound] = field(default_factory=list)
    _zero_s: float | None = None

    def add(self, take: TurnOutcome) -> ResponseTiming | None:
        """Add a turn and time it. Returns None without any audio of the caller."""
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
        """Encode as stereo FLAC: the caller left, the agent right."""
        duration_s = max(turn.end_s for turn in self._turns) + _TAIL_S
        left = channel((piece for turn in self._turns for piece in turn.caller), 0.0, duration_s, RATE_HZ)
        right = channel((piece for turn in self._turns for piece in turn.agent), 0.0, duration_s, RATE_HZ)
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
    """Return the speech in one channel of a turn. The pieces are joined first, because a detector mistakes cuts for
    edges.
    """
    start_s, rate_hz = pieces[0].at_s, pieces[0].clip.rate_hz
    found = speech_spans(Clip(channel(pieces, start_s, pieces[-1].end_s - start_s, rate_hz), rate_hz))
    return SpeechSpans(_moved(found.silero, start_s), _moved(found.energy, start_s))


def _moved(spans: tuple[Span, ...], by_s: float) -> tuple[Span, ...]:
    return tuple((start + by_s, end + by_s) for start, end in spans)
