"""Percentages, percentage points and basis points in digits or words, compared by value.

A basis point is a hundredth of a percent and of a percentage point; a percent is not a percentage point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from voicelab.metrics.matching.numerals import Number, numbers, upper_end
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import SPELLED_NUMBERS

_PERCENT = frozenset({"percent"})
_POINTS = frozenset({"points"})
_EITHER = _PERCENT | _POINTS
_PERCENT_WORDS = frozenset({"percent", "pct", "percents"})
_POINT_WORDS = frozenset({"pp", "pps", "ppt", "ppts"})
_BASIS_WORDS = frozenset({"bps", "bp", "bips", "bpts"})


@dataclass(frozen=True, slots=True)
class Share:
    """value: in hundredths. units: `percent`, `points`, or both if ambiguous. start: index of its first token."""

    value: Decimal
    units: frozenset[str]
    start: int

    def same(self, other: Share) -> bool:
        return self.value == other.value and bool(self.units & other.units)


def percentages(tokens: Sequence[Token]) -> list[Share]:
    """Every share in the text, including both ends of `five to ten percent`."""
    found: list[Share] = []
    known = [one for one in numbers(tokens) if not one.partial and one.value is not None]
    starts = {number.start: number for number in reversed(known)}  # the first of each
    for number in known:
        upper = upper_end(tokens, number, starts)
        unit = _unit_at(tokens, number.end) or (_unit_at(tokens, upper.end) if upper is not None else None)
        unit = unit or _part_of_a_point(tokens, number)
        if unit is not None and number.value is not None:
            found.append(Share(number.value * unit[0], unit[1], number.start))
    for index in range(1, len(tokens)):
        unit = _unit_at(tokens, index) if tokens[index - 1].text == "a" else None
        if unit is not None:
            found.append(Share(unit[0], unit[1], index - 1))
    return found


def bare(tokens: Sequence[Token]) -> list[Share]:
    """The numbers of an entity that is a share without a unit."""
    return [Share(one.value, _EITHER, one.start) for one in numbers(tokens) if one.value is not None]


def names_shares(wanted: Sequence[Share], said: Sequence[Share]) -> bool:
    """Whether the text has every share of the entity."""
    places = dict.fromkeys(one.start for one in wanted)
    return all(any(one.same(other) for one in wanted if one.start == index for other in said) for index in places)


def _part_of_a_point(tokens: Sequence[Token], number: Number) -> tuple[Decimal, frozenset[str]] | None:
    """The unit of `half a point` and `three quarters of a point`, a percentage point; `0.5 points` may not be."""
    spoken = number.end - number.start == 1 and not any(map(str.isdigit, tokens[number.start].raw))
    point = number.end < len(tokens) and tokens[number.end].text == "point" and not tokens[number.end].paused
    after = tokens[number.end + 1] if number.end + 1 < len(tokens) else None
    counts = after is not None and (after.number or after.text in SPELLED_NUMBERS)
    return (Decimal(1), _POINTS) if spoken and tokens[number.start].number and point and not counts else None


def _unit_at(tokens: Sequence[Token], index: int) -> tuple[Decimal, frozenset[str]] | None:
    """The size of the unit at `index`, and the kinds of shares that it fits."""
    words = [token.text for token in tokens[index : index + 3]]
    if not words:
        return None
    points = ("point", "points")
    if tokens[index].mark == "-" and words[0] not in _PERCENT_WORDS:
        return None
    if words[0] in _BASIS_WORDS or (words[0] == "basis" and words[1:2] and words[1] in points):
        return Decimal("0.01"), _EITHER
    per_cent = words[:2] == ["per", "cent"]
    if words[0] in _PERCENT_WORDS or words[0] == "percentage" or per_cent:
        following = words[1 + per_cent :][:1]
        return Decimal(1), _POINTS if following and following[0] in points else _PERCENT
    return (Decimal(1), _POINTS) if words[0] in _POINT_WORDS else None
