"""Score intervals of rates (Wilson 1927), with the standard error and the degrees of freedom of the jackknife.

The interval contains the rates from which the observed rate is at most t standard errors away. The standard error
changes with the rate as that of independent observations does, times a constant design effect. This is Wilson's
interval with an effective n (Korn and Graubard 1998; Dean and Pagano 2015). Its coverage is close to its level with few
errors, too (Brown, Cai and DasGupta 2001).
"""

import math

from voicelab.metrics.jackknife import Ends, Jackknife

FEWEST_ERRORS = 3
"""With errors at fewer positions there is only a bound, because no interval has the coverage of its level then."""

TAIL_OF_FEW = 0.6
"""Share of 1 - level below the lower end, where the true rate cannot be above the upper end (see `_low`)."""


def of_share(found: Jackknife, erring: int, others: int, level: float) -> Ends:
    """Return the interval of a share. erring, others: the numbers of positions with a part above 0, and below 1.

    0 < value < 1. Complementary shares have complementary intervals.
    """
    rest = Jackknife(1 - found.value, found.error, found.freedom)
    low, high = _low(found, erring, level, is_share=True), 1 - _low(rest, others, level, is_share=True)
    return max(0.0, low), min(1.0, high)


def of_rate(found: Jackknife, erring: int, level: float) -> Ends:
    """Return the interval of a rate that may exceed 1. value > 0."""
    high = _end(found.value, _width(found, level, is_share=False), 1, is_share=False)
    return max(0.0, _low(found, erring, level, is_share=False)), high


def slope_of_variance(value: float, *, is_share: bool) -> float:
    """Return the derivative of the logarithm of p (1 - p), or of p for a rate that may exceed 1."""
    return (1 - 2 * value) / (value * (1 - value)) if is_share else 1 / value


def _low(found: Jackknife, erring: int, level: float, *, is_share: bool) -> float:
    """Return the lower end.

    A rate so low that too few errors are compatible with it cannot be missed by an interval whose upper end is too low,
    because too few errors give only a bound. All misses among the intervals are then on this side, so its tail may have
    more than half of them (selective inference: Fithian, Sun and Taylor 2014).
    """
    width = _width(found, level, is_share=is_share)
    low = _end(found.value, width, -1, is_share=is_share)
    too_few = found.value * (FEWEST_ERRORS - 1) / erring
    if low < _end(too_few, width, 1, is_share=is_share):
        of_few = _width(found, 1 - 2 * TAIL_OF_FEW * (1 - level), is_share=is_share)
        return _end(found.value, of_few, -1, is_share=is_share)
    return low


def _width(found: Jackknife, level: float, *, is_share: bool) -> float:
    """Return t^2 / n, where n is the effective number of observations."""
    independent = found.value * (1 - found.value) if is_share else found.value
    return found.reach(level) ** 2 / independent


def _end(value: float, width: float, side: int, *, is_share: bool) -> float:
    """Return the lower (side -1) or the upper end (1) of the score interval."""
    independent = value * (1 - value) if is_share else value
    end = value + width / 2 + side * math.sqrt(width * independent + width**2 / 4)
    return end / (1 + width) if is_share else end
