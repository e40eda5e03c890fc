"""Quarters, halves and fiscal years: Q1 FY24, FY24Q1, the first quarter of fiscal 2024."""

from __future__ import annotations

import re
from collections.abc import Sequence

_ORDINALS = {"1": "1st", "2": "2nd", "3": "3rd", "4": "4th"}
_YEAR = re.compile(r"(?:20)?\d\d")
_FISCAL = ("fy", "fiscal")


def with_periods(words: Sequence[str]) -> list[str]:
    """Return the words with `1st quarter` for q 1 and 1 q, and with `fiscal year 2024` for fy 24 and fiscal 24.

    `of` between a quarter and its year is removed, and a fiscal year comes after its quarter.
    """
    out: list[str] = []
    index = 0
    while index < len(words):
        texts, end = _fiscal_year(words, index) or _part_of_year(words, index) or ([words[index]], index + 1)
        if len(texts) == 3 and (part := _part_of_year(words, end)) is not None and len(part[0]) == 2:
            texts, end = part[0] + texts, part[1]
        out += texts
        index = end
    return out


def _part_of_year(words: Sequence[str], index: int) -> tuple[list[str], int] | None:
    """A quarter or half with its year, or a quarter alone."""
    if index + 1 >= len(words):
        return None
    first, second = words[index], words[index + 1]
    if second in ("quarter", "half") and first in _ORDINALS.values():
        name, end = [first, second], index + 2
    elif first in ("q", "h") and second in _ORDINALS:
        name, end = [_ORDINALS[second], "quarter" if first == "q" else "half"], index + 2
    elif first in _ORDINALS and second in ("q", "h"):
        name, end = [_ORDINALS[first], "quarter" if second == "q" else "half"], index + 2
    else:
        return None
    at = end + (words[end : end + 1] == ["of"])
    year = _fiscal_year(words, at) if at < len(words) else None
    if year is not None:
        return name + year[0], year[1]
    spoken = second in ("quarter", "half")
    if at < len(words) and _YEAR.fullmatch(words[at]) and (len(words[at]) == 4 or not spoken):
        return [*name, _long(words[at])], at + 1
    return (name, end) if name[1] == "quarter" or spoken else None


def _fiscal_year(words: Sequence[str], index: int) -> tuple[list[str], int] | None:
    spelled = list(words[index : index + 2]) == ["f", "y"]
    if words[index] not in _FISCAL and not spelled:
        return None
    index += spelled
    at = index + 1 + (words[index + 1 : index + 2] == ["year"])
    if at >= len(words) or not _YEAR.fullmatch(words[at]):
        return None
    return ["fiscal", "year", _long(words[at])], at + 1


def _long(year: str) -> str:
    return year if len(year) == 4 else f"20{year}"
