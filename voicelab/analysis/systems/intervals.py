"""The word error rates of a system with their 95 % intervals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from voicelab.analysis.score_transcripts import Score, ScoreCounts
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.metrics.intervals import Interval, ratio_result
from voicelab.metrics.words import WordCounts

LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class Grouping:
    """The clusters of utterances: speakers if at least two are named, else single utterances.

    keys: the cluster of each utterance.
    """

    unit: Literal["speaker", "utterance"]
    keys: tuple[str, ...]

    @classmethod
    def of(cls, pairs: Sequence[UtterancePair]) -> Grouping:
        speakers = tuple(pair.speaker for pair in pairs)
        if len(set(speakers)) >= 2:
            return cls("speaker", speakers)
        return cls("utterance", tuple(map(str, range(len(pairs)))))


@dataclass(frozen=True, slots=True)
class RateWithInterval:
    """A word error rate with its interval, or the reason why it has none."""

    wer: float | None
    interval: Interval | None
    unit: str
    note: str | None


@dataclass(frozen=True, slots=True)
class RatesWithIntervals:
    """The rates of a system: in total, of each speaker, and of each entity class."""

    total: RateWithInterval
    speakers: dict[str, RateWithInterval]
    classes: dict[str, RateWithInterval]


def rates_with_intervals(score: Score) -> RatesWithIntervals:
    """Compute the word error rates of a score with 95 % intervals.

    The total's interval is by speaker if at least two are named; a speaker's interval is by utterance.
    """
    grouping = Grouping.of(score.pairs)
    by_speaker: dict[str, list[ScoreCounts]] = {}
    for pair, counts in zip(score.pairs, score.utterances, strict=True):
        by_speaker.setdefault(pair.speaker, []).append(counts)
    speakers = {
        speaker: _rate(counts, Grouping("utterance", tuple(map(str, range(len(counts))))))
        for speaker, counts in by_speaker.items()
    }
    classes = {kind: _words_rate(counts, grouping) for kind, counts in score.classes.items()}
    return RatesWithIntervals(_rate(score.utterances, grouping), speakers, classes)


def _rate(utterances: Sequence[ScoreCounts], grouping: Grouping) -> RateWithInterval:
    return _words_rate([one.words for one in utterances], grouping)


def _words_rate(counts: Sequence[WordCounts], grouping: Grouping) -> RateWithInterval:
    errors = [one.errors for one in counts]
    words = [one.reference_words for one in counts]
    wer = sum(errors) / sum(words) if sum(words) else None
    found = ratio_result(errors, words, grouping.keys, level=LEVEL, share=False)
    if isinstance(found, Interval):
        return RateWithInterval(wer, found, grouping.unit, found.limits(grouping.unit))
    return RateWithInterval(wer, None, grouping.unit, found.text(grouping.unit))
