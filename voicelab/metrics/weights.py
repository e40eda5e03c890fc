"""Costs of word errors in an alignment."""

from dataclasses import dataclass
from fractions import Fraction
from math import lcm

from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class Weights:
    """The cost of each kind of error.

    nothing: cost of skipping the empty alternative `@`. optional: cost of omitting an optional word.
    """

    name: str
    substitution: float
    insertion: float
    deletion: float
    nothing: float
    optional: float = 0.0


SCLITE = Weights("sclite", 4.0, 3.0, 3.0, 0.001, 2.0)
MINIMAL = Weights("minimal", 1.0, 1.0, 1.0, 0.0)
WEIGHTS = {weights.name: weights for weights in (MINIMAL, SCLITE)}
_LARGEST = 1000
_SMALLEST_STEP = 1000


def weights_of(name: str) -> Weights:
    """Return the weights of that name, or custom ones written `SUB:INS:DEL`, such as `1.5:1:1`.

    Custom costs are scaled to integers, because only their ratios matter and integers add exactly. Raises InputError
    for any other text.
    """
    if name in WEIGHTS:
        return WEIGHTS[name]
    costs = [_cost(part, name) for part in name.split(":")]
    if len(costs) != 3:
        raise InputError(_unknown(name))
    scale = lcm(*(cost.denominator for cost in costs))
    substitution, insertion, deletion = (float(cost * scale) for cost in costs)
    return Weights(name, substitution, insertion, deletion, 0.0)


def _cost(text: str, name: str) -> Fraction:
    try:
        cost = Fraction(text)
    except (ValueError, ZeroDivisionError) as error:
        raise InputError(_unknown(name)) from error
    if not 0 < cost <= _LARGEST or cost.denominator > _SMALLEST_STEP:
        raise InputError(
            f"--weights {name}: each cost must be positive, at most {_LARGEST}, and have at most three decimal places"
        )
    return cost


def _unknown(name: str) -> str:
    return f"unknown weights {name!r}; use {', '.join(WEIGHTS)}, or SUB:INS:DEL such as 1.5:1:1"
