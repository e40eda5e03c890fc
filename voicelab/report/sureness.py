"""Figures with their intervals, from the counts of turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from voicelab.metrics.intervals import Floats, Interval, quantile_interval, ratio_interval, sums_interval
from voicelab.report.schema import Bounds, Estimate, Rate, Unit
from voicelab.report.scoring import TurnScore
from voicelab.results import TurnResult

LEVEL = 0.95
_Counts = TypeVar("_Counts")


@dataclass(frozen=True, slots=True)
class Clusters:
    """What is taken as a whole, because it is alike within: the name of its cluster for each turn."""

    unit: Unit
    keys: tuple[str, ...]

    @classmethod
    def of(cls, turns: Sequence[TurnResult]) -> Clusters:
        """Speakers where every turn names one and there are two or more; else conversations, where any two turns
        belong to one and there are two or more; else samples.
        """
        speakers = tuple(turn.speaker for turn in turns if turn.speaker is not None)
        if len(speakers) == len(turns) and len(set(speakers)) >= 2:
            return cls("speaker", speakers)
        conversations = tuple(turn.conversation for turn in turns)
        if 2 <= len(set(conversations)) < len(turns):
            return cls("conversation", conversations)
        return cls("sample", tuple(turn.sample_id for turn in turns))

    @property
    def count(self) -> int:
        return len(set(self.keys))


@dataclass(frozen=True, slots=True)
class Sureness:
    """Makes intervals, all of one seed and number of draws."""

    seed: int
    draws: int

    def share(
        self,
        scores: Iterable[TurnScore],
        counts: Callable[[TurnScore], _Counts | None],
        part: Callable[[_Counts], int],
        whole: Callable[[_Counts], int],
    ) -> Rate:
        """part / whole over the turns that have counts."""
        counted = [(score.turn, found) for score in scores if (found := counts(score)) is not None]
        return self.rate(
            [part(found) for _, found in counted],
            [whole(found) for _, found in counted],
            Clusters.of([turn for turn, _ in counted]),
        )

    def rate(self, parts: Sequence[int], wholes: Sequence[int], clusters: Clusters) -> Rate:
        found = ratio_interval(parts, wholes, clusters.keys, seed=self.seed, draws=self.draws, level=LEVEL)
        part, whole = sum(parts), sum(wholes)
        value = part / whole if whole else None
        return Rate(value=value, n=len(parts), interval=bounds(found, clusters.unit), part=part, whole=whole)

    def statistic(
        self,
        value: float | None,
        columns: Sequence[Sequence[float]],
        of_sums: Callable[[Floats], Floats],
        clusters: Clusters,
        *,
        least: float = -inf,
        most: float = inf,
    ) -> Estimate:
        """A figure that is no plain ratio of sums. columns: one sequence of counts for each argument of of_sums.

        least, most: where the figure cannot lie outside.
        """
        found = None
        if value is not None:
            found = sums_interval(
                columns, clusters.keys, of_sums,
                seed=self.seed, draws=self.draws, level=LEVEL, least=least, most=most,
            )  # fmt: skip
        return Estimate(value=value, n=len(clusters.keys), interval=bounds(found, clusters.unit))

    def quantile(self, values: Sequence[float], clusters: Clusters, quantile: float) -> Bounds | None:
        found = quantile_interval(values, clusters.keys, quantile, seed=self.seed, draws=self.draws, level=LEVEL)
        return bounds(found, clusters.unit)


def bounds(interval: Interval | None, unit: Unit) -> Bounds | None:
    """An interval as it is written."""
    if interval is None:
        return None
    return Bounds(
        low=interval.low,
        high=interval.high,
        level=interval.level,
        method=interval.method,
        unit=unit,
        clusters=interval.clusters,
    )
