"""Dates: July 3, July 3rd, July third, 3 July, the third of July."""

import re
from collections.abc import Sequence

from voicelab.text.english.rewriting import Taken, rewritten
from voicelab.text.english.vocabulary import MONTHS

_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
_ORDINAL_DAY = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_WORDS_TOO = frozenset({"may", "march", "mar", "jan", "dec", "jun", "sep"})


def with_dates(words: Sequence[str]) -> list[str]:
    """Return the words with each day of a month as `july 3`, also for the third of july."""
    return rewritten(words, lambda words, index, _: _month_first(words, index) or _day_first(words, index))


def _day(word: str, pattern: re.Pattern[str] = _DAY) -> str | None:
    found = pattern.fullmatch(word)
    return str(int(found[1])) if found is not None and 1 <= int(found[1]) <= 31 else None


def _month_first(words: Sequence[str], index: int) -> Taken:
    month = MONTHS.get(words[index])
    if month is None:
        return None
    end = index + 1
    end += words[end : end + 1] == ["|"] and words[index] not in MONTHS.values()
    if words[end : end + 1] == ["the"] and end + 1 < len(words) and _day(words[end + 1], _ORDINAL_DAY):
        end += 1
    if end < len(words) and (day := _day(words[end])) is not None:
        ranged = words[end + 1 : end + 2] == ["to"] and end + 2 < len(words)
        last = _day(words[end + 2], _ORDINAL_DAY) if ranged else None
        return ([month, day, "to", last], end + 3) if last is not None else ([month, day], end + 1)
    if end < len(words) and re.fullmatch(r"(?:19|20)\d\d", words[end]):
        return [month, words[end]], end + 1
    return None if words[index] in _WORDS_TOO or words[index] == month else ([month], index + 1)


def _day_first(words: Sequence[str], index: int) -> Taken:
    start = index + (words[index] == "the")
    if start >= len(words) or (day := _day(words[start])) is None:
        return None
    ordinal = _day(words[start], _ORDINAL_DAY) is not None
    if start > index and not ordinal:
        return None
    of = ordinal and words[start + 1 : start + 2] == ["of"]
    month_at = start + 1 + of
    if month_at >= len(words) or words[month_at] not in MONTHS:
        return None
    after = words[month_at + 1] if month_at + 1 < len(words) else ""
    if _day(after) is not None:
        return None
    return [MONTHS[words[month_at]], day], month_at + 1
