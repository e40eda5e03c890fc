"""Clock times: 6:00 p.m., six pm, 6 o'clock, at ten thirty."""

from __future__ import annotations

import re
from collections.abc import Sequence

from voicelab.text.english.numbers import MAYBE_TIME
from voicelab.text.english.vocabulary import CURRENCIES, UNITS

_TIME = re.compile(r"(\d{1,2})[:~](\d\d)")
_RUN_TOGETHER = re.compile(r"(\d{1,2})([0-5]\d)")
_HALVES = frozenset({"am", "pm"})
_BEFORE_A_TIME = frozenset("at by until till before after around from since between".split())
_AFTER_A_TIME = frozenset("tonight tomorrow eastern pacific central gmt est edt pst utc sharp oclock".split())
_NOT_AFTER_A_TIME = frozenset({*CURRENCIES, *UNITS, "percent", "points", "shares", "cents", "per", "point", "million"})
_QUARTERS = {
    ("half", "past"): 30, ("quarter", "past"): 15, ("quarter", "after"): 15, ("quarter", "to"): -15,
    ("quarter", "till"): -15,
}  # fmt: skip
"""Minutes after the hour that these words name."""
_PARTS_OF_DAY = frozenset({"morning", "afternoon", "evening"})


def with_times(words: Sequence[str]) -> list[str]:
    """The words with one spelling of each time: `6 pm`, `6:30 pm`, `10:30`, `6 oclock`."""
    words = _with_quarters(words)
    out: list[str] = []
    place = 0
    while place < len(words):
        taken = _before_half(words, place)
        if taken is not None:
            texts, place = taken
            out += texts
            continue
        word = words[place]
        found = _TIME.fullmatch(word)
        if found is None:
            out.append(word)
        elif MAYBE_TIME in word and not _is_time(words, place, int(found[1]), int(found[2])):
            out.append(word.replace(MAYBE_TIME, ""))
        elif found[2] == "00":
            out += [found[1], "oclock"]
        else:
            out.append(f"{found[1]}:{found[2]}")
        place += 1
    return [word for place, word in enumerate(out) if word != "oclock" or out[place + 1 : place + 2] != ["oclock"]]


def _with_quarters(words: Sequence[str]) -> list[str]:
    """`half past 6` as 6:30, `a quarter to 6` as 5:45."""
    out: list[str] = []
    place = 0
    while place < len(words):
        minutes = _QUARTERS.get((words[place], words[place + 1])) if place + 2 < len(words) else None
        hour = words[place + 2] if minutes is not None else ""
        after = words[place + 3] if place + 3 < len(words) else ""
        if minutes is None or not hour.isdecimal() or not 1 <= int(hour) <= 12 or after in _NOT_AFTER_A_TIME:
            out.append(words[place])
            place += 1
            continue
        if out[-1:] == ["a"]:
            out.pop()
        earlier = (int(hour) - 2) % 12 + 1
        out.append(f"{int(hour)}:{minutes}" if minutes > 0 else f"{earlier}:{60 + minutes}")
        place += 3
    return out


def _before_half(words: Sequence[str], place: int) -> tuple[list[str], int] | None:
    """An hour, or an hour and minutes, before am or pm."""
    word = words[place]
    if not word[:1].isdecimal():
        return None
    end = place + 1
    hour, minute = word, "00"
    if found := _TIME.fullmatch(word):
        hour, minute = found[1], found[2]
    elif len(word) >= 3 and (run := _RUN_TOGETHER.fullmatch(word)):
        hour, minute = run[1], run[2]
    elif end < len(words) and re.fullmatch(r"[0-5]\d", words[end]) and word.isdecimal():
        minute, end = words[end], end + 1
    end += words[end : end + 1] == ["oclock"]
    if end >= len(words) or words[end] not in _HALVES or not hour.isdecimal() or not 1 <= int(hour) <= 12:
        return None
    return [str(int(hour)) if minute == "00" else f"{int(hour)}:{minute}", words[end]], end + 1


def _is_time(words: Sequence[str], place: int, hour: int, minute: int) -> bool:
    """Whether a number spoken as two, such as ten thirty, is a time by the words around it."""
    before = words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    if not 1 <= hour <= 12 or minute > 59 or after in _NOT_AFTER_A_TIME:
        return False
    if after in _AFTER_A_TIME or _PARTS_OF_DAY & set(words[place + 1 : place + 4]):
        return True
    return before in _BEFORE_A_TIME and minute % 5 == 0
