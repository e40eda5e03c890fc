"""Measured figures with their guarantees."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Measurement:
    """A measured figure. most, least: guaranteed bounds; both None without a guarantee.

    what: description of the figure, with the setting and the number of measurements. unit: also of most and least.
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
        """Whether the figure is within its bounds; None without a guarantee."""
        if self.most is None and self.least is None:
            return None
        return (self.most is None or self.value <= self.most) and (self.least is None or self.value >= self.least)


def quantiles_ms(
    part: str, what: str, taken_s: Sequence[float], most_ms: dict[float, float | None]
) -> list[Measurement]:
    """One finding per quantile in most_ms (quantile in 0..1 -> upper bound in ms), and the maximum without a bound."""
    taken_ms = np.array(taken_s) * 1000
    found = [
        Measurement(part, f"{what}: p{100 * share:g}", float(np.quantile(taken_ms, share)), "ms", len(taken_s), most)
        for share, most in most_ms.items()
    ]
    return [*found, Measurement(part, f"{what}: worst", float(taken_ms.max()), "ms", len(taken_s))]
