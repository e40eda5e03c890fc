"""Compare systems on the same utterances: differences of word error rate, and significance tests.

The tests are those of `voicelab compare`: Student's t by speaker, the sign test and Wilcoxon's by speaker, MAPSSWE by
segments and McNemar's by utterances. With several pairs of systems, each test's p-values are adjusted by Holm.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from voicelab.analysis.score_transcripts import Score, ScoreCounts
from voicelab.analysis.systems.intervals import LEVEL, Grouping
from voicelab.metrics.mapsswe import mapsswe
from voicelab.metrics.paired import PairedDifference, paired_rates
from voicelab.metrics.significance import holm, mcnemar, sign_test, wilcoxon


@dataclass(frozen=True, slots=True)
class TestResult:
    """A test of equal word errors. basis: its observations. holm: p adjusted for all pairs of systems."""

    name: str
    basis: str
    p_value: float | None
    holm: float | None = None


@dataclass(frozen=True, slots=True)
class SystemPair:
    """Two systems on their common utterances; the difference of WER is second minus first."""

    first: str
    second: str
    unit: str
    difference: PairedDifference
    tests: tuple[TestResult, ...]
    note: str | None


def compare_systems(scores: Mapping[str, Score]) -> list[SystemPair]:
    """Compare all pairs of systems, in the given order. scores: by system name, all under one normalizer."""
    found = [_compared(one, other, scores[one], scores[other]) for one, other in combinations(scores, 2)]
    by_test = zip(*(pair.tests for pair in found), strict=True)
    adjusted = zip(*(holm([test.p_value for test in tests]) for tests in by_test), strict=True)
    return [
        replace(pair, tests=tuple(replace(test, holm=p) for test, p in zip(pair.tests, p_values, strict=True)))
        for pair, p_values in zip(found, adjusted, strict=True)
    ]


def _compared(first: str, second: str, one: Score, other: Score) -> SystemPair:
    places = {pair.id: place for place, pair in enumerate(other.pairs)}
    shared = [(place, places[pair.id]) for place, pair in enumerate(one.pairs) if pair.id in places]
    mine, theirs = [one.utterances[place] for place, _ in shared], [other.utterances[place] for _, place in shared]
    grouping = Grouping.of([one.pairs[place] for place, _ in shared])
    difference = paired_rates(_shares(mine), _shares(theirs), grouping.keys, level=LEVEL)
    matched = mapsswe(
        [one.steps(place) for place, _ in shared],
        [other.steps(place) for _, place in shared],
        wordings=one.alternatives,
    )
    sentences = mcnemar(
        [not counts.wrong_sentences for counts in mine], [not counts.wrong_sentences for counts in theirs]
    )
    rates = _rates(mine, theirs, grouping.keys)
    signs, ranks, unit = sign_test(*rates), wilcoxon(*rates), grouping.unit
    clusters = difference.interval.clusters if difference.interval else None
    tests = (
        TestResult("t", "-" if clusters is None else f"{clusters} {unit}s", difference.p_value),
        TestResult(
            "Sign", f"{signs.positive} {unit}s better in the first, {signs.negative} in the second", signs.p_value
        ),
        TestResult("Wilcoxon", f"{ranks.pairs} {unit}s that differ", ranks.p_value),
        TestResult("MAPSSWE", f"{matched.segments} segments", matched.p_value),
        TestResult(
            "McNemar",
            f"{sentences.only_first} utterances right in the first only, {sentences.only_second} in the second only",
            sentences.p_value,
        ),
    )
    return SystemPair(first, second, unit, difference, tests, _note(difference, grouping))


def _note(difference: PairedDifference, grouping: Grouping) -> str | None:
    if difference.interval is not None:
        return difference.interval.limits(grouping.unit)
    return difference.refused.text(grouping.unit) if difference.refused is not None else None


def _shares(utterances: Sequence[ScoreCounts]) -> list[tuple[float, float]]:
    return [(counts.words.errors, counts.words.reference_words) for counts in utterances]


def _rates(
    mine: Sequence[ScoreCounts], theirs: Sequence[ScoreCounts], keys: Sequence[str]
) -> tuple[list[float], list[float]]:
    """The word error rates of both systems for each group with reference words in both."""
    sums: list[dict[str, ScoreCounts]] = [{}, {}]
    for found, utterances in zip(sums, (mine, theirs), strict=True):
        for key, counts in zip(keys, utterances, strict=True):
            found[key] = found.get(key, ScoreCounts()) + counts
    rates = [(sums[0][key].words.wer, sums[1][key].words.wer) for key in sums[0]]
    known = [(one, other) for one, other in rates if one is not None and other is not None]
    return [one for one, _ in known], [other for _, other in known]
