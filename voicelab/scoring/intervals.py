"""Figures with their intervals, from the counts of turns."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import inf
from typing import TypeVar

from voicelab.metrics.intervals import (
    FEW,
    Floats,
    Interval,
    Refusal,
    Result,
    quantile_result,
    ratio_result,
    sums_result,
)
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import Bounds, Estimate, Rate, Unit
from voicelab.scoring.turns import TurnScore

LEVEL = 0.95
_Counts = TypeVar("_Counts")


@dataclass(frozen=True, slots=True)
class Clusters:
    """What is taken as a whole, because it is alike within: the name of its cluster for each turn.

    one_speaker: whether all turns are known to be of a single speaker.
    """

    unit: Unit
    keys: tuple[str, ...]
    one_speaker: bool = False

    @classmethod
    def of(cls, turns: Sequence[TurnResult]) -> Clusters:
        """Speakers where every turn names one and there are two or more; else conversations, where any two turns
        belong to one and there are two or more; else samples.
        """
        speakers = tuple(turn.speaker for turn in turns if turn.speaker is not None)
        named = len(speakers) == len(turns)
        if named and len(set(speakers)) >= 2:
            return cls("speaker", speakers)
        alone = named and len(set(speakers)) == 1
        conversations = tuple(turn.conversation for turn in turns)
        if 2 <= len(set(conversations)) < len(turns):
            return cls("conversation", conversations, alone)
        return cls("sample", tuple(turn.sample_id for turn in turns), alone)

    @property
    def count(self) -> int:
        return len(set(self.keys))

    def note(self, clusters: int) -> str | None:
        """What limits an interval over this many of the clusters; None where nothing does."""
        if clusters < FEW:
            return f"{clusters} {self.unit}s are too few to say much about others"
        if self.one_speaker:
            return "one speaker: the interval says nothing about other speakers"
        return None


@dataclass(frozen=True, slots=True)
class FigureIntervals:
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
        part, whole = sum(parts), sum(wholes)
        if not whole:
            return Rate(value=None, n=len(parts), part=part, whole=whole)
        found = ratio_result(parts, wholes, clusters.keys, seed=self.seed, draws=self.draws, level=LEVEL)
        return Rate(
            value=part / whole,
            n=len(parts),
            interval=bounds(found, clusters),
            no_interval=reason(found, clusters),
            part=part,
            whole=whole,
        )

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
        """A figure that is not a plain ratio of sums. columns: one sequence of counts for each argument of of_sums.

        least, most: where the figure cannot lie outside.
        """
        if value is None:
            return Estimate(value=None, n=len(clusters.keys))
        found = sums_result(
            columns, clusters.keys, of_sums, seed=self.seed, draws=self.draws, level=LEVEL, least=least, most=most
        )
        return Estimate(
            value=value,
            n=len(clusters.keys),
            interval=bounds(found, clusters),
            no_interval=reason(found, clusters),
        )

    def quantile(self, values: Sequence[float], clusters: Clusters, quantile: float) -> tuple[Bounds | None, str]:
        """The interval of a quantile, or the reason why there is none."""
        found = quantile_result(values, clusters.keys, quantile, level=LEVEL)
        return bounds(found, clusters), reason(found, clusters) or ""


def bounds(found: Result, clusters: Clusters) -> Bounds | None:
    """An interval as it is written; None for a Refusal."""
    if not isinstance(found, Interval):
        return None
    return Bounds(
        low=found.low,
        high=found.high,
        level=found.level,
        method=found.method,
        unit=clusters.unit,
        clusters=found.clusters,
        note=clusters.note(found.clusters),
    )


def reason(found: Result, clusters: Clusters) -> str | None:
    """Why there is no interval; None where there is one."""
    return found.text(clusters.unit) if isinstance(found, Refusal) else None
