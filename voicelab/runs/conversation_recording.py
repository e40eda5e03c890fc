"""Records a conversation in two channels on one clock, and times its turns as heard."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Self

from voicelab.audio.clip import Clip
from voicelab.audio.delivery import Delivery, joined
from voicelab.audio.incoming import Mode
from voicelab.audio.playback import SoundPiece, as_heard, channel, pending_until_s
from voicelab.audio.stereo import encode_flac
from voicelab.metrics.over_reply import Span, over_reply_timing
from voicelab.metrics.response_timing import Edge, ResponseTiming, agreed_end, agreed_start, refined, response_timing
from voicelab.targets.base import TurnOutcome
from voicelab.vad.speech_spans import speech_spans

RATE_HZ = 24_000
"""Sample rate of the recording in Hz."""
BETWEEN_TURNS_S = 0.3
IN_A_BURST = "the audio was sent in a burst, not in real time; add --mode realtime"
NO_SOUND = "no audio was received"
_TAIL_S = 0.5


@dataclass(frozen=True, slots=True)
class TurnSound:
    """The audio of one turn as heard, on the clock of the recording.

    caller: its utterances: the request, then any speech over the reply. agent: pieces at the times
    at which they are heard. pending_until_s: the end of the sound that had arrived when the caller spoke over the
    reply; None if it did not, or if the agent discarded some of that audio.
    """

    caller: tuple[Delivery, ...]
    agent: tuple[SoundPiece, ...]
    pending_until_s: float | None = None

    @property
    def _pieces(self) -> list[SoundPiece]:
        return [*(utterance.spoken for utterance in self.caller), *self.agent]

    @property
    def start_s(self) -> float:
        return min((piece.at_s for piece in self._pieces), default=0.0)

    @property
    def end_s(self) -> float:
        return max((piece.end_s for piece in self._pieces), default=0.0)

    def later(self, by_s: float) -> Self:
        return replace(
            self,
            caller=tuple(replace(one, spoken=_later(one.spoken, by_s)) for one in self.caller),
            agent=tuple(_later(piece, by_s) for piece in self.agent),
            pending_until_s=None if self.pending_until_s is None else self.pending_until_s + by_s,
        )


def turn_sound(outcome: TurnOutcome) -> TurnSound:
    """Return the caller's audio, and the reply at its playback times, on the clock of the outcome."""
    began_s = outcome.interrupted_at_s
    from_s = float("inf") if began_s is None else began_s
    utterances = (
        [piece for piece in outcome.sent if piece.end_s <= from_s],
        [piece for piece in outcome.sent if piece.end_s > from_s],
    )
    caller = tuple(Delivery.of(pieces) for pieces in utterances if pieces)
    pending_s = None if began_s is None else pending_until_s(outcome.received, outcome.flushed, began_s)
    return TurnSound(caller, tuple(as_heard(outcome.received, outcome.flushed)), pending_s)


@dataclass(slots=True)
class ConversationRecording:
    """The turns of one conversation. key: that of the first turn in this session.

    In realtime mode the clock is that of the run. A burst is faster than speech, so each turn then starts when the
    previous one ends, and times between turns are meaningless.
    """

    mode: Mode
    key: str = ""
    _turns: list[TurnSound] = field(default_factory=list)
    _zero_s: float | None = None

    def add(self, outcome: TurnOutcome) -> ResponseTiming | None:
        """Add a turn and time it. Returns None without any audio of the caller."""
        sound = turn_sound(outcome)
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
        said = (utterance.spoken for turn in self._turns for utterance in turn.caller)
        heard = (piece for turn in self._turns for piece in joined(turn.agent))
        return encode_flac(channel(said, 0.0, duration_s, RATE_HZ), channel(heard, 0.0, duration_s, RATE_HZ), RATE_HZ)


def _later(piece: SoundPiece, by_s: float) -> SoundPiece:
    return SoundPiece(piece.at_s + by_s, piece.clip)


def _timing(sound: TurnSound, mode: Mode) -> ResponseTiming:
    if mode == "burst":
        return ResponseTiming(None, None, None, IN_A_BURST, 0.0, 0.0)
    said = [_Speech.of(one.spoken.clip, one.sent_s) for one in sound.caller]
    if not sound.agent:
        return ResponseTiming(said[0].end.at_s, None, None, NO_SOUND, 0.0, 0.0)
    # The pieces are joined first, because a detector mistakes cuts for boundaries.
    start_s, end_s, rate_hz = sound.agent[0].at_s, sound.agent[-1].end_s, sound.agent[0].clip.rate_hz
    heard = Clip(channel(sound.agent, start_s, end_s - start_s, rate_hz), rate_hz)
    agent = _Speech.of(heard, lambda offset_s: start_s + offset_s)
    caller = [span for one in said for span in one.spans]
    timing = response_timing(said[0].end, agent.start, caller=caller, agent=agent.spans)
    if len(said) == 1:
        return timing
    return replace(timing, over_reply=over_reply_timing(said[1].sound_start_s, agent.spans, sound.pending_until_s))


@dataclass(frozen=True, slots=True)
class _Speech:
    """The speech in one recording: its boundaries on which both detectors agree, and all its spans.

    sound_start_s: the first sound, be it speech or not.
    """

    start: Edge
    end: Edge
    spans: tuple[Span, ...]
    sound_start_s: float | None

    @classmethod
    def of(cls, clip: Clip, time_of: Callable[[float], float]) -> Self:
        """Find speech. time_of: from a position in the clip to a time."""
        found = speech_spans(clip)
        spans = refined(found.silero, found.energy)
        return cls(
            _moved(agreed_start(found.silero, found.energy), time_of),
            _moved(agreed_end(found.silero, found.energy), time_of),
            tuple((time_of(start), time_of(end)) for start, end in spans),
            time_of(found.energy[0][0]) if found.energy else None,
        )


def _moved(edge: Edge, time_of: Callable[[float], float]) -> Edge:
    return edge if edge.at_s is None else Edge(time_of(edge.at_s), edge.reason)
