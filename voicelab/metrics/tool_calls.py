"""Compare the agent's tool calls with those that the sample expects.

Definitions: docs/reference/measures.md, "Tool calls".
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from voicelab.metrics.entities import Forms, companies_of
from voicelab.metrics.matching import found

SameValue = Callable[[Any, Any], bool]
"""Whether an argument of an actual call (second) matches that of the expected call (first)."""


@dataclass(frozen=True, slots=True)
class Call:
    """A tool's name and arguments; for an expected call, only the relevant arguments."""

    name: str
    arguments: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class ToolCallCounts:
    """Counts of the calls of one turn.

    turns: 1. turns_right: 1 if the turn has all expected calls and no others. expected, made: numbers of calls.
    right: expected calls made with the expected arguments. wrong_arguments: expected calls whose tool was called with
    other arguments. missed: expected calls whose tool was not called. extra: calls that match no expected call.
    """

    turns: int = 0
    turns_right: int = 0
    expected: int = 0
    made: int = 0
    right: int = 0
    wrong_arguments: int = 0
    missed: int = 0
    extra: int = 0


def compare_calls(expected: Sequence[Call], made: Sequence[Call], same: SameValue) -> ToolCallCounts:
    """Score the calls of one turn; their order does not count.

    Expected and made calls of one tool are paired so that as many pairs as possible have the expected arguments.
    Arguments that the expected call does not name are ignored.
    """
    right = paired = 0
    for name in {call.name for call in expected}:
        wanted = [call for call in expected if call.name == name]
        there = [call for call in made if call.name == name]
        right += _pairs(wanted, there, lambda one, other: _has_arguments(one.arguments, other.arguments, same))
        paired += min(len(wanted), len(there))
    missed, extra = len(expected) - paired, len(made) - paired
    return ToolCallCounts(
        turns=1,
        turns_right=int(right == len(expected) == len(made)),
        expected=len(expected),
        made=len(made),
        right=right,
        wrong_arguments=paired - right,
        missed=missed,
        extra=extra,
    )


def same_value(forms: Forms) -> SameValue:
    """Return a comparison of arguments by the entity matcher. forms: all names of each company, by ticker.

    Names of the same company are equal, numbers are compared by value, texts as entities of each other, and lists in
    any order.
    """

    def same(expected: Any, made: Any) -> bool:
        if isinstance(expected, bool) or isinstance(made, bool) or expected is None or made is None:
            return expected is made
        if isinstance(expected, list | tuple):
            values = made if isinstance(made, list | tuple) else [made]
            return len(values) == len(expected) and _pairs(expected, values, same) == len(expected)
        if isinstance(expected, Mapping):
            return isinstance(made, Mapping) and _has_arguments(expected, made, same)
        if isinstance(expected, int | float) and isinstance(made, int | float):
            return expected == made
        if isinstance(made, list | tuple | Mapping):
            return False
        return _same_text(str(expected), str(made), forms)

    return same


def _same_text(expected: str, made: str, forms: Forms) -> bool:
    if expected.casefold().split() == made.casefold().split():
        return True
    companies = companies_of([expected], forms)
    if companies:
        return companies == companies_of([made], forms)
    return found(expected, made) and found(made, expected)


def _has_arguments(expected: Mapping[str, Any], made: Mapping[str, Any], same: SameValue) -> bool:
    return all(name in made and same(value, made[name]) for name, value in expected.items())


def _pairs(expected: Sequence[Any], made: Sequence[Any], fits: SameValue) -> int:
    """Return the size of a maximum matching between the two."""
    import numpy as np
    from scipy.optimize import linear_sum_assignment

    if not expected or not made:
        return 0
    table = np.array([[fits(wanted, one) for one in made] for wanted in expected], dtype=float)
    return int(table[linear_sum_assignment(table, maximize=True)].sum())
