"""Dates: July 3, July 3rd, July third, 3 July, the third of July."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicelab.text.english.vocabulary import MONTHS

_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_ORDINAL_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_WORDS_TOO = frozenset({"may", "march", "mar", "jan", "dec", "jun", "sep"})


def with_dates(words: Sequence[str]) -> list[str]:
    """The words with each day of a month as `july 3`, the third of july among them."""
    out: list[str] = []
    place = 0
    while place < len(words):
        taken = _month_first(words, place) or _day_first(words, place)
        if taken is None:
            out.append(words[place])
            place += 1
        else:
            texts, place = taken
            out += texts
    return out


def _day(word: str, pattern: re.Pattern[str] = _DAY) -> str | None:
    found = pattern.fullmatch(word)
    return str(int(found[1])) if found is not None and 1 <= int(found[1]) <= 31 else None


def _month_first(words: Sequence[str], place: int) -> tuple[list[str], int] | None:
    month = MONTHS.get(words[place])
    if month is None:
        return None
    end = place + 1
    end += words[end : end + 1] == ["|"] and words[place] not in MONTHS.values()
    if words[end : end + 1] == ["the"] and end + 1 < len(words) and _day(words[end + 1], _ORDINAL_DAY):
        end += 1
    if end < len(words) and (day := _day(words[end])) is not None:
        return [month, day], end + 1
    if end < len(words) and re.fullmatch(r"(?:19|20)\d\d", words[end]):
        return [month, words[end]], end + 1
    return None if words[place] in _WORDS_TOO or words[place] == month else ([month], place + 1)


def _day_first(words: Sequence[str], place: int) -> tuple[list[str], int] | None:
    start = place + (words[place] == "the")
    if start >= len(words) or (day := _day(words[start])) is None:
        return None
    ordinal = _day(words[start], _ORDINAL_DAY) is not None
    if start > place and not ordinal:
        return None
    of = ordinal and words[start + 1 : start + 2] == ["of"]
    month_at = start + 1 + of
    if month_at >= len(words) or words[month_at] not in MONTHS:
        return None
    after = words[month_at + 1] if month_at + 1 < len(words) else ""
    if _day(after) is not None:
        return None
    return [MONTHS[words[month_at]], day], month_at + 1
