"""Intelligibility of a voice: transcribe its speech with a recognizer and compare with the text.

The error rate includes the recognizer's errors, so it is an upper bound for the voice. The same recognizer's error rate
on recordings shows the recognizer's share.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.datasets import SampleSet
from voicelab.errors import InputError
from voicelab.metrics.intervals import Interval, ratio_interval
from voicelab.metrics.words import WordCounts, count, count_characters
from voicelab.pipeline.transcribe import Progress, hear, say
from voicelab.runs.records import RunFolder
from voicelab.text import Normalizer, WordMap, mapped_normalizer

RECORDINGS = "recordings"
"""Used instead of a voice's name for recordings of the set."""


@dataclass(frozen=True, slots=True)
class ReplyUtterance:
    """A text spoken by a voice. voice: its name, such as `espeak:voice=en-us`, or RECORDINGS."""

    voice: str
    id: str
    text: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class ReplyHypothesis:
    """An utterance with its transcript."""

    voice: str
    id: str
    text: str
    heard: str
    words: WordCounts
    characters: WordCounts


@dataclass(frozen=True, slots=True)
class RoundTripFigure:
    """A rate of summed counts; None if the denominator is 0. interval: None with fewer than two texts."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Every utterance with its transcript, and the normalizer. voices, recognizer: the engines as loaded."""

    heard: tuple[ReplyHypothesis, ...]
    voices: Mapping[str, str]
    recognizer: str
    normalizer: Normalizer

    def of(self, voice: str) -> list[ReplyHypothesis]:
        return [one for one in self.heard if one.voice == voice]

    def wer(self, voice: str) -> RoundTripFigure:
        """Word error rate; the intervals use texts as clusters, because equal texts sound alike."""
        return self._rate(voice, [(one.words.errors, one.words.reference_words) for one in self.of(voice)])

    def cer(self, voice: str) -> RoundTripFigure:
        """Character error rate, with the same intervals."""
        return self._rate(voice, [(one.characters.errors, one.characters.reference_words) for one in self.of(voice)])

    def wrong(self, voice: str) -> RoundTripFigure:
        """The share of utterances with any word error."""
        return self._rate(voice, [(int(one.words.errors > 0), 1) for one in self.of(voice)])

    def worst(self, limit: int) -> list[ReplyHypothesis]:
        """The utterances of voices with the highest word error rates; those without errors are left out."""
        wrong = [one for one in self.heard if one.words.errors and one.voice != RECORDINGS]
        return sorted(wrong, key=lambda one: -one.words.errors / max(1, one.words.reference_words))[:limit]

    def _rate(self, voice: str, counts: Sequence[tuple[int, int]]) -> RoundTripFigure:
        above, below = [part for part, _ in counts], [whole for _, whole in counts]
        texts = [self.normalizer.apply(one.text) for one in self.of(voice)]
        found = ratio_interval(above, below, texts)
        return RoundTripFigure(sum(above) / sum(below) if sum(below) else None, found)


def replies(folder: RunFolder) -> tuple[list[ReplyUtterance], str, str]:
    """A run's recorded replies, the name of their voice and its description; InputError if there are none."""
    run = folder.read()
    used = run.engine("tts")
    if used is None:
        raise InputError(f"{folder.path}: its run.json names no voice; the run stopped before loading it")
    name = run.spec.tts or used.name
    found = []
    for turn in folder.turns():
        if turn.reply_file is None or not turn.answer:
            continue
        path = folder.path / turn.reply_file
        found.append(ReplyUtterance(name, turn.key, turn.answer, decoding.read(path)))
    if not found:
        raise InputError(f"{folder.path}: no turn of this run has a recorded reply")
    return found, name, used.shown(used.spec)


def spoken(tts: str, texts: Mapping[str, str], progress: Progress | None = None) -> tuple[list[ReplyUtterance], str]:
    """Synthesize texts, by id, with a voice; returns the utterances and the voice's description."""
    info, clips = say(tts, list(texts.values()), progress)
    pairs = zip(texts.items(), clips, strict=True)
    return [ReplyUtterance(tts, key, text, clip) for (key, text), clip in pairs], info.shown(info.spec)


def recordings(samples: SampleSet) -> list[ReplyUtterance]:
    """Recordings of the set, for comparison."""
    return [ReplyUtterance(RECORDINGS, sample.id, sample.text, sample.clip()) for sample in samples.samples]


def round_trip(
    utterances: Sequence[ReplyUtterance],
    voices: Mapping[str, str],
    asr: str,
    *,
    rules: str,
    word_map: WordMap | None = None,
    progress: Progress | None = None,
) -> RoundTrip:
    """Transcribe utterances with a recognizer; InputError for an unknown recognizer or normalizer.

    word_map: applied to both texts before the normalizer.
    """
    used = mapped_normalizer(rules, word_map)
    info, texts = hear(asr, [one.clip for one in utterances], progress)
    heard = [
        ReplyHypothesis(
            one.voice, one.id, one.text, text, count(one.text, text, used), count_characters(one.text, text, used)
        )
        for one, text in zip(utterances, texts, strict=True)
    ]
    return RoundTrip(tuple(heard), dict(voices), info.shown(info.spec), used)
