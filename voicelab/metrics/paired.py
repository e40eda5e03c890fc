"""Two systems on the same samples: how much they differ, and how sure that is."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np

from voicelab.metrics.intervals import Floats, Interval, sums_interval
from voicelab.metrics.words import WordCounts


@dataclass(frozen=True, slots=True)
class PairedDifference:
    """WER of the second minus WER of the first, over `samples` that both have; negative when the second is better.

    interval: paired bootstrap, whole clusters drawn together for both. p_value: of the matched-pairs test, two-sided;
    both None where they are not defined.
    """

    difference: float | None
    interval: Interval | None
    p_value: float | None
    samples: int


def paired_difference(
    first: Sequence[WordCounts], second: Sequence[WordCounts], keys: Sequence[Hashable], *, seed: int, draws: int = 2000
) -> PairedDifference:
    """first, second: the counts of each sample, in one order. keys: the cluster of each sample."""
    columns = [
        [counts.errors for counts in first], [counts.reference_words for counts in first],
        [counts.errors for counts in second], [counts.reference_words for counts in second],
    ]  # fmt: skip
    sums = np.array([[sum(column) for column in columns]], dtype=np.float64)
    value = float(_difference(sums)[0]) if sums[0, 1] and sums[0, 3] else None
    interval = sums_interval(columns, keys, _difference, seed=seed, draws=draws) if value is not None else None
    return PairedDifference(value, interval, matched_pairs(columns[0], columns[2]), len(first))


def _difference(sums: Floats) -> Floats:
    return np.asarray(sums[:, 2] / sums[:, 3] - sums[:, 0] / sums[:, 1], dtype=np.float64)


def matched_pairs(first: Sequence[int], second: Sequence[int]) -> float | None:
    """The two-sided p-value that two systems make equally many errors (Gillick and Cox 1989), utterances as segments.

    first, second: the errors in each utterance. The mean difference over its standard error is held against the normal
    distribution. 1 where no utterance differs; None with fewer than two utterances.
    """
    differences = np.asarray(second, dtype=np.float64) - np.asarray(first, dtype=np.float64)
    if len(differences) < 2:
        return None
    if not differences.any():
        return 1.0
    spread = float(differences.std(ddof=1))
    if spread == 0:
        return 0.0
    z = abs(float(differences.mean())) / (spread / math.sqrt(len(differences)))
    return math.erfc(z / math.sqrt(2))
