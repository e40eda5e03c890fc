"""The definition of a figure: additive counts per turn and a value of their sums, or a percentile."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from operator import attrgetter
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
    """The value of a figure: the quotient of two counts; None if the denominator is 0.

    share: whether the numerator counts a subset of the denominator's items; False for other units, such as minutes.
    None: True if no turn's numerator exceeds its denominator. It selects the method of the interval
    (`metrics.intervals.ratio_result`).
    """

    part: str
    whole: str
    share: bool | None = None

    def __call__(self, counts: Counts) -> float | None:
        whole = counts[self.whole]
        return counts[self.part] / whole if whole > 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure computed from additive counts of turns.

    name: in options, files and code. title, short: in reports and in narrow columns. counts: returns the counts of a
    turn, always with the same names, or None if the turn is not scored. value: computes the value from summed counts;
    None if undefined. over: turns or scenarios (`counts` then gets a ScenarioOutcome). detail: the counts as text, with
    `{part}` and `{of}`. shown_in: the places that show the figure, besides the tables of all figures. least, most:
    bounds of a value that is not a Ratio. grouped: compute it by category (of turns), speaker and condition. by_class:
    also by entity class. ceiling: the figure that is the maximum of this one. only_with_evidence: hide the figure if
    nothing was scored, because most runs have no such turns.
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
        """Return numerator and denominator of a turn; None if it is not scored, or for figures that are not ratios."""
        if not isinstance(self.value, Ratio) or self.over != "turns":
            return None
        counts = self.counts(score)
        return None if counts is None else (counts[self.value.part], counts[self.value.whole])


@dataclass(frozen=True, slots=True, kw_only=True)
class Percentile:
    """A figure that is a quantile of one number per turn.

    sample: returns a turn's number, or None to exclude the turn. quantile: between 0 and 1; None: the maximum.
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


def counts_in(field: str, *names: str) -> Callable[[TurnScore], Counts | None]:
    """Return a counting function that takes these counts from a field of the score; None if that is None."""
    values = attrgetter(*names)

    def counts(score: TurnScore) -> Counts | None:
        found = getattr(score, field)
        return None if found is None else dict(zip(names, values(found), strict=True))

    return counts
