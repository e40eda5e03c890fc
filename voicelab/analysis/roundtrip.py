"""How intelligible a voice is: what a recognizer hears in it, held against the text that it said.

The error rate is that of the voice and the recognizer together, so it bounds the voice's own from above. The same
recognizer's rate on recordings of people, beside it, tells how much of it the recognizer makes alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.datasets import SampleSet
from voicelab.engines.spec import EngineInfo, EngineSpec
from voicelab.errors import InputError
from voicelab.metrics.intervals import Interval, ratio_interval
from voicelab.metrics.words import WordCounts, count, count_characters
from voicelab.pipeline.transcribe import Told, hear, say
from voicelab.runs.records import EngineUsed, RunFolder
from voicelab.text import Normalizer, WordMap, mapped_normalizer

RECORDINGS = "recordings"
"""Stands where a voice's name does, for what people said."""


@dataclass(frozen=True, slots=True)
class ReplyUtterance:
    """Something that a voice said. voice: its name, `espeak:voice=en-us`, or RECORDINGS."""

    voice: str
    id: str
    text: str
    clip: Clip


@dataclass(frozen=True, slots=True)
class ReplyHypothesis:
    """What became of one utterance on its way back."""

    voice: str
    id: str
    text: str
    heard: str
    words: WordCounts
    characters: WordCounts


@dataclass(frozen=True, slots=True)
class RoundTripFigure:
    """A rate of summed counts; None where there was nothing to divide by. interval: None with fewer than two texts."""

    value: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class RoundTrip:
    """Every utterance as it was heard, and by which rules; voices and recognizer: what they really were."""

    heard: tuple[ReplyHypothesis, ...]
    voices: Mapping[str, str]
    recognizer: str
    normalizer: Normalizer
    seed: int
    draws: int

    def of(self, voice: str) -> list[ReplyHypothesis]:
        return [one for one in self.heard if one.voice == voice]

    def wer(self, voice: str) -> RoundTripFigure:
        """Word errors over the words said; intervals by drawing texts, as equal texts sound alike."""
        return self._rate(voice, [(one.words.errors, one.words.reference_words) for one in self.of(voice)])

    def cer(self, voice: str) -> RoundTripFigure:
        """The same over characters."""
        return self._rate(voice, [(one.characters.errors, one.characters.reference_words) for one in self.of(voice)])

    def wrong(self, voice: str) -> RoundTripFigure:
        """The share of utterances with any word error."""
        return self._rate(voice, [(int(one.words.errors > 0), 1) for one in self.of(voice)])

    def worst(self, limit: int) -> list[ReplyHypothesis]:
        """The utterances of voices with the most word errors by their length; those without any are left out."""
        wrong = [one for one in self.heard if one.words.errors and one.voice != RECORDINGS]
        return sorted(wrong, key=lambda one: -one.words.errors / max(1, one.words.reference_words))[:limit]

    def _rate(self, voice: str, counts: Sequence[tuple[int, int]]) -> RoundTripFigure:
        above, below = [part for part, _ in counts], [whole for _, whole in counts]
        texts = [self.normalizer.apply(one.text) for one in self.of(voice)]
        found = ratio_interval(above, below, texts, seed=self.seed, draws=self.draws)
        return RoundTripFigure(sum(above) / sum(below) if sum(below) else None, found)


def replies(folder: RunFolder) -> tuple[list[ReplyUtterance], str, str]:
    """The replies that a run kept, the name of their voice and what it was; InputError where it kept none."""
    run = folder.read()
    used = next((engine for engine in run.engines if engine.kind == "tts"), None)
    if used is None:
        raise InputError(f"{folder.path}: its run.json names no voice; the run did not get so far")
    name = run.spec.tts or used.name
    found = []
    for turn in {turn.key: turn for turn in folder.turns()}.values():
        if turn.reply_file is None or not turn.answer:
            continue
        path = folder.path / turn.reply_file
        found.append(ReplyUtterance(name, turn.key, turn.answer, decoding.read(path)))
    if not found:
        raise InputError(f"{folder.path}: no turn of this run kept a reply's sound")
    return found, name, _described(used)


def spoken(tts: str, texts: Mapping[str, str], told: Told | None = None) -> tuple[list[ReplyUtterance], str]:
    """Texts, by their ids, as a voice says them, and what the voice was."""
    info, clips = say(tts, list(texts.values()), told)
    pairs = zip(texts.items(), clips, strict=True)
    return [ReplyUtterance(tts, key, text, clip) for (key, text), clip in pairs], _described(info)


def recordings(samples: SampleSet) -> list[ReplyUtterance]:
    """What people said, for comparison."""
    return [ReplyUtterance(RECORDINGS, sample.id, sample.text, sample.clip()) for sample in samples.samples]


def round_trip(
    utterances: Sequence[ReplyUtterance],
    voices: Mapping[str, str],
    asr: str = DEFAULT_RECOGNIZER,
    *,
    rules: str = "english",
    word_map: WordMap | None = None,
    seed: int = 0,
    draws: int = 2000,
    told: Told | None = None,
) -> RoundTrip:
    """Have a recognizer hear what was said; InputError for a recognizer or normalizer that is not known.

    word_map: applied to both texts before the normalizer.
    """
    used = mapped_normalizer(rules, word_map)
    info, texts = hear(asr, [one.clip for one in utterances], told)
    heard = [
        ReplyHypothesis(
            one.voice, one.id, one.text, text, count(one.text, text, used), count_characters(one.text, text, used)
        )
        for one, text in zip(utterances, texts, strict=True)
    ]
    return RoundTrip(tuple(heard), dict(voices), _described(info), used, seed, draws)


def _described(info: EngineInfo | EngineUsed) -> str:
    options = {name: str(value) for name, value in info.options.items() if value is not None}
    return f"{EngineSpec(info.name, options)} ({info.revision}, {info.device})"
