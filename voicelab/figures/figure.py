"""What a figure is: counts that add over turns and a value of their sums, or a percentile of samples."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from voicelab.figures.scored_turn import TurnScore

Better = Literal["lower", "higher"]
Unit = Literal["ratio", "s", "per minute", "number"]
Group = Literal[
    "words", "silence", "entities", "actions", "tools", "intents", "scenarios", "losses", "time", "latency", "other"
]
Place = Literal["lead", "report", "list", "plot", "compare", "sweep"]
Counts = Mapping[str, float]
"""Counts of one turn, or summed over a group of turns, by name."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """The value of a figure that is one count over another; None where there is nothing to divide by.

    share: False where the denominator is no count of what the numerator counts, such as minutes; None: a share if no
    turn's numerator exceeds its denominator. It decides how intervals are computed (`metrics.intervals.ratio_result`).
    """

    part: str
    whole: str
    share: bool | None = None

    def __call__(self, counts: Counts) -> float | None:
        whole = counts[self.whole]
        return counts[self.part] / whole if whole > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure made of counts that add over turns.

    name: as options, files and code write it. title, short: as reports and narrow columns write it.
    counts: one turn's counts, always under the same names; None: the turn is not scored. value: of summed counts, or
    None where it is not defined. over: what is counted, turns or scenarios (then `counts` gets a ScenarioOutcome).
    detail: the counts in words, with `{part}` and `{of}`. shown_in: where the figure is shown beside the tables that
    show every figure. least, most: bounds of a value that is not a Ratio. grouped: by category, speaker and condition.
    by_class: also for each class of entities. ceiling: the figure that this one can reach at most.
    only_with_evidence: not shown where nothing was scored, because most runs have no such turns.
    """

    name: str
    title: str
    short: str
    better: Better
    counts: Callable[[Any], Counts | None]
    value: Callable[[Counts], float | None]
    unit: Unit = "ratio"
    group: Group = "other"
    detail: str = "{part} of {of} turns"
    over: Literal["turns", "scenarios"] = "turns"
    shown_in: tuple[Place, ...] = ()
    least: float = -math.inf
    most: float = math.inf
    grouped: bool = True
    by_class: bool = False
    ceiling: str = ""
    only_with_evidence: bool = False

    @property
    def pairable(self) -> bool:
        """Whether two runs can be compared sample by sample: a ratio of counts of turns."""
        return self.over == "turns" and isinstance(self.value, Ratio)

    def share_of(self, score: TurnScore) -> tuple[float, float] | None:
        """Numerator and denominator of one turn; None where it is not scored, or the figure is no ratio of turns."""
        if not isinstance(self.value, Ratio) or self.over != "turns":
            return None
        counts = self.counts(score)
        return None if counts is None else (counts[self.value.part], counts[self.value.whole])


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """A figure that is a quantile of one number per turn.

    sample: a turn's number; None: the turn is not counted. quantile: between 0 and 1; None: the largest.
    """

    name: str
    title: str
    short: str
    sample: Callable[[TurnScore], float | None]
    quantile: float | None
    better: Better = "lower"
    unit: Unit = "s"
    group: Group = "latency"
    stage: str = ""
    shown_in: tuple[Place, ...] = ()
    grouped: bool = False
    only_with_evidence: bool = False

    @property
    def pairable(self) -> bool:
        return True


AnyFigure = Figure | Percentile
