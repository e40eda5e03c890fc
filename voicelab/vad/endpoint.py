"""Endpointing: find utterances in an audio stream, and decide which of them interrupt the agent.

There is no clock: time is counted in samples of the stream, so the events depend on the audio and not on its chunks. An
utterance ends after a silence. The required duration of the silence depends on the amount of speech, and on whether the
words and the audio before the pause suggest that the user will continue (turn_end/).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.vad.barge_in import BargeIn
from voicelab.vad.base import FRAME, Detector, DetectorStream
from voicelab.vad.completeness import Completeness
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.turn_end.base import TurnEnd
from voicelab.vad.turn_end.words import Words

_SCORE_AFTER = 4 * FRAME
"""Silence after which the sound of a pause is scored: 0.13 s."""
_WORDS_AFTER = 5 * FRAME
"""Silence after which the words before a pause are requested: 0.16 s.

After an earlier request, the recognizer may not have decoded the last word yet. Its own detector may be a frame behind.
"""


@dataclass(frozen=True, slots=True)
class SpeechBegan:
    """Speech started. Positions in samples of the stream: start includes the padding, speech is the first speech."""

    start: int
    speech: int
    decided_at: int


@dataclass(frozen=True, slots=True)
class TookTurn:
    """The utterance is more than a cough or a backchannel, and stops a playing reply. At most once per utterance."""

    decided_at: int


@dataclass(frozen=True, slots=True)
class SpeechEnded:
    """The utterance ended. end: position of the end of its speech; verdict: whether its words looked complete.

    took_floor: whether it was more than a cough or a backchannel. While a reply plays, other utterances are not turns.
    knew_words: whether its words were known; without them, a short request may look like a cough.
    """

    start: int
    end: int
    decided_at: int
    verdict: Completeness
    took_floor: bool
    knew_words: bool


Event = SpeechBegan | TookTurn | SpeechEnded


@dataclass(slots=True)
class _Utterance:
    """The current utterance. voiced: samples of speech.

    pause_text, sound_score, verdict: what is known of the current pause; speech resets them. None: not known yet.
    """

    start: int
    speech: int
    last: int
    voiced: int
    text: str = ""
    pause_text: str | None = None
    sound_score: float | None = None
    verdict: Completeness = Completeness.OPEN
    took_floor: bool = False


class Endpointer:
    """Finds the utterances of one connection. Feed it all audio, and the partial transcripts as they arrive.

    turn_end: decides in a pause whether the user has finished. settings: by default those of turn_end. position: number
    of samples classified so far.
    """

    def __init__(
        self,
        stream: DetectorStream,
        settings: EndpointSettings | None = None,
        turn_end: TurnEnd | None = None,
    ) -> None:
        self.stream = stream
        self._turn_end = turn_end or Words()
        self.settings = settings or self._turn_end.settings
        self._barge_in = BargeIn()
        self.position = 0
        self._earliest_start = 0
        self._onset: int | None = None
        self._onset_voiced = 0
        self._now: _Utterance | None = None

    @property
    def speaking(self) -> bool:
        """Whether an utterance has started and not ended."""
        return self._now is not None

    @property
    def in_pause(self) -> bool:
        """Whether the current utterance is in a pause, in which its words matter."""
        return self._now is not None and self._now.last < self.position

    def feed(self, clip: Clip) -> list[Event]:
        """Process the next audio (SPEECH_RATE_HZ) and return the events."""
        return self.advance(self.stream.feed(clip))

    def finish(self) -> list[Event]:
        """End the stream and the current utterance; return the events."""
        events = self.advance(self.stream.finish())
        if self._now is None and self._onset is not None:
            events.append(self._begin(self._onset))
        if self._now is not None:
            events += self._end(self._now)
        return events

    @property
    def wants_words(self) -> bool:
        """Whether a pause has lasted 0.16 s and the words before it are not known: ask the recognizer now."""
        now = self._now
        return now is not None and now.pause_text is None and self.position - now.last >= _WORDS_AFTER

    def note_partial(self, text: str, requested_at: int | None = None) -> None:
        """Take the partial transcript of the current utterance, after every request and even if it has not changed.

        requested_at: `position` when the recognizer received the request; None: now. The text counts for the end of the
        turn only if it was requested at least 0.16 s into the current pause. Ignored between utterances.
        """
        now = self._now
        if now is None:
            return
        now.text = text
        requested_at = self.position if requested_at is None else requested_at
        if requested_at - now.last >= _WORDS_AFTER:
            now.pause_text = text
            self._classify(now)

    @property
    def likely_last_words(self) -> str:
        """The words before the current pause, if the turn may be over; "" if they are unknown or ask for more."""
        now = self._now
        if now is None or now.verdict is Completeness.UNFINISHED:
            return ""
        return now.pause_text or ""

    @property
    def sound_to_score(self) -> tuple[int, int] | None:
        """Return the range of samples for which `note_sound` needs a score now, or None.

        A score is needed once per pause, if the decision uses the audio.
        """
        now, sound_s = self._now, self._turn_end.sound_s
        if now is None or not sound_s or now.sound_score is not None or self.position - now.last < _SCORE_AFTER:
            return None
        return max(now.start, self.position - round(sound_s * SPEECH_RATE_HZ)), self.position

    def note_sound(self, score: float) -> None:
        """Set the score of the audio that `sound_to_score` returned. Call it before feeding more audio."""
        if self._now is not None:
            self._now.sound_score = score
            self._classify(self._now)

    def _classify(self, now: _Utterance) -> None:
        now.verdict = self._turn_end.verdict(now.pause_text or "", now.sound_score)

    def advance(self, probabilities: Sequence[float]) -> list[Event]:
        """Process the speech probabilities of the next frames."""
        events: list[Event] = []
        for probability in probabilities:
            start, self.position = self.position, self.position + FRAME
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
        self._now = _Utterance(start, speech, self.position, self._onset_voiced)
        self._onset = None
        return SpeechBegan(start, speech, self.position)

    def _follow(self, now: _Utterance, probability: float) -> list[Event]:
        goes_on = now.last == self.position - FRAME
        if probability >= self.settings.speech_at or (goes_on and probability >= self.settings.quiet_below):
            now.last = self.position
            now.verdict, now.pause_text, now.sound_score = Completeness.OPEN, None, None
            now.voiced += FRAME
        events: list[Event] = []
        if not now.took_floor and self._barge_in.interrupts(now.voiced, now.text):
            now.took_floor = True
            events.append(TookTurn(self.position))
        spoken_s = (now.last - now.speech) / SPEECH_RATE_HZ
        needed_s = self.settings.silence_needed_s(spoken_s, now.verdict)
        if self.position - now.last >= needed_s * SPEECH_RATE_HZ:
            events += self._end(now)
        return events

    def _end(self, now: _Utterance) -> list[Event]:
        events: list[Event] = []
        if not now.took_floor and self._barge_in.says_something(now.text):
            now.took_floor = True
            events.append(TookTurn(self.position))
        knew_words = now.pause_text is not None
        stopped = SpeechEnded(now.start, now.last, self.position, now.verdict, now.took_floor, knew_words)
        self._now, self._earliest_start = None, self.position
        return [*events, stopped]


def feed_many(detector: Detector, endpointers: Sequence[Endpointer], clips: Sequence[Clip]) -> list[list[Event]]:
    """Return the results of each endpointer's `feed`, with a single call of the detector."""
    heard = detector.feed_many([one.stream for one in endpointers], clips)
    return [one.advance(probabilities) for one, probabilities in zip(endpointers, heard, strict=True)]
