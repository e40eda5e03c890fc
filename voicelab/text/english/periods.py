"""Quarters, halves and fiscal years: Q1 FY24, FY24Q1, the first quarter of fiscal 2024."""

import re
from collections.abc import Sequence

from voicelab.text.english.rewriting import Taken, rewritten
from voicelab.text.english.written import BREAK

_ORDINALS = {"1": "1st", "2": "2nd", "3": "3rd", "4": "4th"}
_YEAR = re.compile(r"(?:20)?\d\d")
_FISCAL = ("fy", "fiscal")
_STARTS = frozenset({*_FISCAL, "f", "calendar", "q", "h", "the", *_ORDINALS, *_ORDINALS.values(), "6", "9"})
"""First words of a period."""
_AFTER_A_YEAR = frozenset(
    "| was were is and to versus compared results earnings guidance revenue for in of with as we the our today".split()
)
"""Words after `the fourth quarter twenty four`, where 24 does not count something."""


def with_periods(words: Sequence[str]) -> list[str]:
    """Return the words with `1st quarter` for q 1 and 1 q, and with `fiscal year 2024` for fy 24 and fiscal 24.

    `of` between a quarter and its year is removed, and a fiscal year comes after its quarter.
    """
    return _with_centuries(rewritten(words, _period))


def _period(words: Sequence[str], index: int, _: list[str]) -> Taken:
    if words[index] not in _STARTS:
        return None
    found = next(filter(None, (rule(words, index) for rule in _RULES)), None)
    if found is not None and len(found[0]) == 3:
        part = _part_of_year(words, found[1])
        if part is not None and len(part[0]) == 2:
            return part[0] + found[0], part[1]
    return found


def _with_centuries(words: list[str]) -> list[str]:
    """Replace 2023 to 24 by 2023 to 2024."""
    if "to" not in words:
        return words
    for index, word in enumerate(words[2:], start=2):
        first = words[index - 2]
        if words[index - 1] == "to" and re.fullmatch(r"(?:19|20)\d\d", first) and re.fullmatch(r"\d\d", word):
            words[index] = first[:2] + word if int(word) == int(first[2:]) + 1 else word
    return words


def _part_of_year(words: Sequence[str], index: int) -> Taken:
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
    after = words[at + 1] if at + 1 < len(words) else BREAK
    if at < len(words) and _YEAR.fullmatch(words[at]) and (len(words[at]) == 4 or not spoken or after in _AFTER_A_YEAR):
        return [*name, _long(words[at])], at + 1
    return (name, end) if name[1] == "quarter" or spoken else None


def _first_months(words: Sequence[str], index: int) -> Taken:
    """9 months 2024 for the first 9 months of 2024 and for 9 months of 24."""
    at = index + (words[index : index + 2] == ["the", "1st"])
    at += words[at] == "1st"
    if words[at : at + 1] not in (["3"], ["6"], ["9"]) or words[at + 1 : at + 2] != ["months"]:
        return None
    year = at + 2 + (words[at + 2 : at + 3] in (["of"], ["in"]))
    if year >= len(words) or not _YEAR.fullmatch(words[year]) or (len(words[year]) == 2 and int(words[year]) < 10):
        return None
    return [words[at], "months", _long(words[year])], year + 1


def _calendar_year(words: Sequence[str], index: int) -> Taken:
    """Calendar year 2024 for calendar 2024 and calendar year 24."""
    named = words[index + 1 : index + 2] == ["year"]
    at = index + 1 + named
    if words[index] != "calendar" or at >= len(words) or not _YEAR.fullmatch(words[at]):
        return None
    return (["calendar", "year", _long(words[at])], at + 1) if named or len(words[at]) == 4 else None


def _fiscal_year(words: Sequence[str], index: int) -> Taken:
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


_RULES = (_fiscal_year, _calendar_year, _part_of_year, _first_months)
