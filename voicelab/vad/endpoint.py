"""Where utterances begin and end in a stream of sound, and which of them mean to interrupt.

Pure and without a clock: time is counted in samples of the stream, so that the same sound gives the same events however
it was chunked. The end is decided by the silence since the last speech, and how long it has to last depends on how much
was said and on whether the words so far look finished.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import InputError
from voicelab.vad.barge_in import BargeIn
from voicelab.vad.base import FRAME, Detector, DetectorStream
from voicelab.vad.completeness import Completeness, completeness


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """speech_at, quiet_below: a frame of at least the one probability is speech, of less than the other silence;
    between them it is what the frame before was.
    onset_s: speech has to last so long before an utterance begins.
    padding_s: so much sound before its first speech belongs to an utterance.
    silence_s: an utterance whose words say nothing about more to come ends after so much silence.
    complete_factor, unfinished_factor: of silence_s, for words that look finished, or cannot be the end.
    short_s, short_factor: an utterance whose speech is shorter waits longer, unless its words look finished.
    """

    speech_at: float = 0.5
    quiet_below: float = 0.35
    onset_s: float = 0.064
    padding_s: float = 0.3
    silence_s: float = 0.7
    complete_factor: float = 0.6
    unfinished_factor: float = 1.5
    short_s: float = 0.8
    short_factor: float = 1.4

    def __post_init__(self) -> None:
        if not 0 < self.quiet_below <= self.speech_at <= 1:
            raise InputError(f"0 < quiet_below <= speech_at <= 1, not {self.quiet_below} and {self.speech_at}")
        for name in (
            "onset_s",
            "padding_s",
            "silence_s",
            "complete_factor",
            "unfinished_factor",
            "short_s",
            "short_factor",
        ):
            if not 0 <= getattr(self, name) <= 60:
                raise InputError(f"{name} must be 0 to 60, not {getattr(self, name)}")

    @property
    def lookback_s(self) -> float:
        """How much of the past has to be kept, so that an utterance can be taken from its start."""
        return self.padding_s + self.onset_s + 2 * FRAME / SPEECH_RATE_HZ

    def silence_needed_s(self, spoken_s: float, verdict: Completeness) -> float:
        """How much silence ends an utterance whose speech lasted spoken_s."""
        if verdict is Completeness.COMPLETE:
            return self.silence_s * self.complete_factor
        short = self.short_factor if spoken_s < self.short_s else 1.0
        unfinished = self.unfinished_factor if verdict is Completeness.UNFINISHED else 1.0
        return self.silence_s * max(short, unfinished)


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Somebody speaks. Positions in samples of the stream: start is with the padding, speech the first speech."""

    start: int
    speech: int
    decided_at: int


@dataclass(frozen=True, slots=True)
class TookTurn:
    """What is said is more than a cough or a backchannel: a reply that is playing has to stop. Once per utterance."""

    decided_at: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance is over. end: where its last speech ended; verdict: what its words said about more to come.

    took_floor: whether it was more than a cough or a backchannel; while a reply plays, others are no turns.
    """

    start: int
    end: int
    decided_at: int
    verdict: Completeness
    took_floor: bool


Event = SpeechBegan | TookTurn | SpeechEnded


@dataclass(slots=True)
class _Utterance:
    """One that is going on. voiced: samples judged to be speech; verdict: on the text, when nothing was said since."""

    start: int
    speech: int
    last: int
    voiced: int
    text: str = ""
    verdict: Completeness = Completeness.OPEN
    took_floor: bool = False


class Endpointer:
    """One connection's utterances: feed it all of the sound, and tell it the words as they are recognized.

    judge: whether a text looks finished.
    """

    def __init__(
        self,
        stream: DetectorStream,
        settings: EndpointSettings | None = None,
        barge_in: BargeIn | None = None,
        judge: Callable[[str], Completeness] = completeness,
    ) -> None:
        self.stream = stream
        self.settings = settings or EndpointSettings()
        self._barge_in = barge_in or BargeIn()
        self._judge = judge
        self._position = 0
        self._earliest_start = 0
        self._onset: int | None = None
        self._onset_voiced = 0
        self._now: _Utterance | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance has begun that has not ended."""
        return self._now is not None

    @property
    def in_pause(self) -> bool:
        """Whether an utterance is going on in which nothing is said at present: the words matter now."""
        return self._now is not None and self._now.last < self._position

    def feed(self, clip: Clip) -> list[Event]:
        """Take the next sound (SPEECH_RATE_HZ) and say what was decided."""
        return self.advance(self.stream.feed(clip))

    def finish(self) -> list[Event]:
        """The sound has come to its end: what is going on ends with it."""
        events = self.advance(self.stream.finish())
        if self._now is None and self._onset is not None:
            events.append(self._begin(self._onset))
        if self._now is not None:
            events += self._end(self._now)
        return events

    def note_partial(self, text: str) -> None:
        """What was recognized of the present utterance so far; say it anew, changed or not, whenever the recognizer
        was asked.

        A text that more speech followed says nothing about the end; without an utterance it is ignored.
        """
        if self._now is not None:
            self._now.text = text
            self._now.verdict = self._judge(text) if self.in_pause else Completeness.OPEN

    def advance(self, probabilities: Sequence[float]) -> list[Event]:
        """Take the detector's judgement of the next frames."""
        events: list[Event] = []
        for probability in probabilities:
            start, self._position = self._position, self._position + FRAME
            if self._now is None:
                events += self._listen(probability, start)
            else:
                events += self._follow(self._now, probability)
        return events

    def _listen(self, probability: float, start: int) -> list[Event]:
        if probability >= self.settings.speech_at:
            if self._onset is None:
                self._onset, self._onset_voiced = start, 0
            self._onset_voiced += FRAME
        elif probability < self.settings.quiet_below:
            self._onset = None
        if self._onset is None or self._onset_voiced < self.settings.onset_s * SPEECH_RATE_HZ:
            return []
        return [self._begin(self._onset)]

    def _begin(self, speech: int) -> SpeechBegan:
        start = max(self._earliest_start, speech - round(self.settings.padding_s * SPEECH_RATE_HZ))
        self._now = _Utterance(start, speech, self._position, self._onset_voiced)
        self._onset = None
        return SpeechBegan(start, speech, self._position)

    def _follow(self, now: _Utterance, probability: float) -> list[Event]:
        goes_on = now.last == self._position - FRAME
        if probability >= self.settings.speech_at or (goes_on and probability >= self.settings.quiet_below):
            now.last = self._position
            now.verdict = Completeness.OPEN
            now.voiced += FRAME
        events: list[Event] = []
        if not now.took_floor and self._barge_in.interrupts(now.voiced, now.text):
            now.took_floor = True
            events.append(TookTurn(self._position))
        spoken_s = (now.last - now.speech) / SPEECH_RATE_HZ
        needed_s = self.settings.silence_needed_s(spoken_s, now.verdict)
        if self._position - now.last >= needed_s * SPEECH_RATE_HZ:
            events += self._end(now)
        return events

    def _end(self, now: _Utterance) -> list[Event]:
        events: list[Event] = []
        if not now.took_floor and self._barge_in.says_something(now.text):
            now.took_floor = True
            events.append(TookTurn(self._position))
        stopped = SpeechEnded(now.start, now.last, self._position, now.verdict, now.took_floor)
        self._now, self._earliest_start = None, self._position
        return [*events, stopped]


def feed_many(detector: Detector, endpointers: Sequence[Endpointer], clips: Sequence[Clip]) -> list[list[Event]]:
    """What each endpointer's `feed` gives for its clip, the detector asked for all of them at once."""
    heard = detector.feed_many([one.stream for one in endpointers], clips)
    return [one.advance(probabilities) for one, probabilities in zip(endpointers, heard, strict=True)]
