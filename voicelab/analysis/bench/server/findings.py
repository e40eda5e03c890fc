"""A figure, what it should be, and whether it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured figure. most, least: what it may be, both None where nothing was promised.

    what: the figure in words, with where and how often it was taken. unit: also of most and least.
    """

    part: str
    what: str
    value: float
    unit: str
    count: int
    most: float | None = None
    least: float | None = None

    @property
    def is_met(self) -> bool | None:
        """Whether the figure is what it should be; None where nothing was promised."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


def quantiles_ms(
    part: str, what: str, taken_s: Sequence[float], most_ms: dict[float, float | None]
) -> list[Measurement]:
    """A finding for each quantile of most_ms (0..1 to the most that it may be, in ms), and the worst without one."""
    taken_ms = np.array(taken_s) * 1000
    found = [
        Measurement(part, f"{what}: p{100 * share:g}", float(np.quantile(taken_ms, share)), "ms", len(taken_s), most)
        for share, most in most_ms.items()
    ]
    return [*found, Measurement(part, f"{what}: worst", float(taken_ms.max()), "ms", len(taken_s))]
