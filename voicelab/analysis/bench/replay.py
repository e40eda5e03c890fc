"""Replay recordings with pauses under many endpointing settings; results that do not depend on them are cached."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from voicelab.analysis.bench.pauses import PausedClip
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.vad.base import FRAME, Detector, DetectorStream
from voicelab.vad.endpoint import Endpointer, SpeechEnded
from voicelab.vad.turn_end.base import TurnEnd

PARTIALS_EVERY_S = 0.1
"""Interval of partial transcripts, as in the server."""


@dataclass(frozen=True, slots=True)
class ClassifiedRecording:
    """A recording with pauses. probabilities: of speech, per frame. scores: acoustic scores, by method."""

    paused: PausedClip
    probabilities: list[float]
    scores: dict[tuple[str, int, int], float] = field(default_factory=dict)

    @property
    def speaker(self) -> str:
        return self.paused.sample.speaker or self.paused.sample.id


@dataclass(frozen=True, slots=True)
class EndpointMethod:
    """An end-of-turn method, with its name in the table."""

    name: str
    turn_end: TurnEnd


@dataclass(frozen=True, slots=True)
class ReplayOutcome:
    """The result for a recording.

    cut: an end was detected before the speech was over. delay_s: from the true end of speech to its detection; None if
    it was not detected. cut_after_s: for each pause, the time from its start to an end detected in it.
    """

    clip: ClassifiedRecording
    cut: bool
    delay_s: float | None
    cut_after_s: tuple[float | None, ...]


def classified(detector: Detector, clips: Iterable[PausedClip]) -> Iterator[ClassifiedRecording]:
    """Compute the speech probability of every frame, once for all settings."""
    for one in clips:
        yield ClassifiedRecording(one, detector.stream().feed(one.clip))


def outcome(one: ClassifiedRecording, method: EndpointMethod, silence_s: float, lag_s: float) -> ReplayOutcome:
    """Replay a recording. silence_s: instead of the method's own. lag_s: delay of the partial transcripts."""
    paused = one.paused
    ends = list(_ends(one, method, silence_s, lag_s))
    cut_after_s = []
    for start, length_s in zip(paused.pause_starts, paused.pauses_s, strict=True):
        inside = [end - start for end in ends if start < end <= start + length_s * SPEECH_RATE_HZ]
        cut_after_s.append(inside[0] / SPEECH_RATE_HZ if inside else None)
    late = [end for end in ends[-1:] if end > paused.end]
    delay_s = (late[0] - paused.end) / SPEECH_RATE_HZ if late else None
    return ReplayOutcome(one, any(end <= paused.end for end in ends), delay_s, tuple(cut_after_s))


class _NoStream:
    """A detector that returns precomputed probabilities."""

    def feed(self, _clip: object) -> list[float]:
        return []

    def finish(self) -> list[float]:
        return []


def _ends(one: ClassifiedRecording, method: EndpointMethod, silence_s: float, lag_s: float) -> Iterator[int]:
    """Detected ends: processes frame by frame, and requests partial transcripts when the server does."""
    stream: DetectorStream = _NoStream()
    settings = replace(method.turn_end.settings, silence_s=silence_s)
    endpointer = Endpointer(stream, settings, turn_end=method.turn_end)
    texts, last_text = dict(one.paused.heard), one.paused.heard[-1][1] if one.paused.heard else ""
    step, lag, requested_at = round(PARTIALS_EVERY_S * SPEECH_RATE_HZ), round(lag_s * SPEECH_RATE_HZ), 0
    is_pending = False
    for number, probability in enumerate(one.probabilities, start=1):
        for event in endpointer.advance([probability]):
            if isinstance(event, SpeechEnded):
                yield event.decided_at
        position = number * FRAME
        if (wanted := endpointer.sound_to_score) is not None:
            endpointer.note_sound(_score(one, method, *wanted))
        if is_pending and position - requested_at >= lag:
            is_pending = False
            endpointer.note_partial(texts.get(requested_at, last_text), requested_at)
        if not is_pending and (endpointer.wants_words or position - requested_at >= step):
            is_pending, requested_at = True, position


def _score(one: ClassifiedRecording, method: EndpointMethod, start: int, end: int) -> float:
    key = (method.name, start, end)
    if key not in one.scores:
        sound = one.paused.clip.between(start / SPEECH_RATE_HZ, end / SPEECH_RATE_HZ)
        one.scores[key] = method.turn_end.sound_score(sound)
    return one.scores[key]
