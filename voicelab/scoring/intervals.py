"""Figures with their intervals, from the counts of turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf

from voicelab.metrics.intervals import (
    FEW,
    Floats,
    Interval,
    Result,
    quantile_result,
    ratio_result,
    sums_result,
)
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import ClusterUnit

LEVEL = 0.95
ONE_SPEAKER = "one speaker: the interval says nothing about other speakers"


@dataclass(frozen=True, slots=True)
class Clusters:
    """The clusters of correlated turns: the name of each turn's cluster.

    one_speaker: whether all turns are from the same known speaker.
    """

    unit: ClusterUnit
    keys: tuple[str, ...]
    one_speaker: bool = False

    @classmethod
    def of(cls, turns: Sequence[TurnResult]) -> Clusters:
        """Choose the clusters of turns.

        Speakers, if every turn with speech names one and there are at least two; else conversations, if there are at
        least two and one has several turns; else samples. Among speakers, a sample without speech is a separate
        cluster.
        """
        speakers = {turn.speaker for turn in turns if turn.speaker is not None}
        named = all(turn.speaker is not None or not turn.text.strip() for turn in turns)
        if named and len(speakers) >= 2:
            keys = (turn.speaker if turn.speaker is not None else f"no speaker: {turn.sample_id}" for turn in turns)
            return cls("speaker", tuple(keys))
        alone = named and len(speakers) == 1
        conversations = tuple(turn.conversation for turn in turns)
        if 2 <= len(set(conversations)) < len(turns):
            return cls("conversation", conversations, alone)
        return cls("sample", tuple(turn.sample_id for turn in turns), alone)

    @property
    def count(self) -> int:
        return len(set(self.keys))

    def note(self, found: Interval) -> str | None:
        """The limitation of an interval over these clusters; None if there is none."""
        return found.limits(self.unit) or (ONE_SPEAKER if self.one_speaker else None)

    def general_note(self) -> str | None:
        """The limitation of every interval over these clusters; None if there is none."""
        if self.count < FEW:
            return f"{self.count} {self.unit}s are too few to generalize from"
        return ONE_SPEAKER if self.one_speaker else None


@dataclass(frozen=True, slots=True)
class FigureIntervals:
    """Computes intervals with one seed and number of resamples."""

    seed: int
    draws: int

    def ratio(
        self, parts: Sequence[float], wholes: Sequence[float], clusters: Clusters, *, share: bool | None = None
    ) -> Result:
        """The interval of sum(parts) / sum(wholes) (`metrics.intervals.ratio_result`)."""
        return ratio_result(parts, wholes, clusters.keys, seed=self.seed, draws=self.draws, level=LEVEL, share=share)

    def sums(
        self,
        columns: Sequence[Sequence[float]],
        of_sums: Callable[[Floats], Floats],
        clusters: Clusters,
        *,
        least: float = -inf,
        most: float = inf,
    ) -> Result:
        """The interval of a statistic of summed counts. least, most: bounds of the statistic."""
        return sums_result(
            columns, clusters.keys, of_sums, seed=self.seed, draws=self.draws, level=LEVEL, bounds=(least, most)
        )

    def quantile(self, values: Sequence[float], clusters: Clusters, quantile: float) -> Result:
        """The interval of a quantile by order statistics."""
        return quantile_result(values, clusters.keys, quantile, level=LEVEL)
