"""Clock times: 6:00 p.m., six pm, 6 o'clock, at ten thirty."""

import re
from collections.abc import Sequence

from voicelab.text.english.numbers import MAYBE_TIME
from voicelab.text.english.rewriting import Taken, rewritten
from voicelab.text.english.vocabulary import CURRENCIES, UNITS, ZONES

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
"""Minutes after the hour for these words."""
_DIRECTIONS = {"past": 1, "after": 1, "to": -1, "before": -1, "till": -1}
_KINDS_OF_ZONE = {"s": "standard", "d": "daylight"}
_ZONE = re.compile(r"([ecmp])([sd]?)t")
_ZONE_WORDS = frozenset({*ZONES.values(), *(f"{zone}{kind}t" for zone in ZONES for kind in ("", *_KINDS_OF_ZONE))})
_CLOCK = re.compile(r"\d{1,2}:\d\d|am|pm|oclock")
_PARTS_OF_DAY = frozenset({"morning", "afternoon", "evening"})


def with_times(words: Sequence[str]) -> list[str]:
    """Return the words with one notation for times: `6 pm`, `6:30 pm`, `10:30`, `6 oclock`."""
    out = rewritten(rewritten(words, _with_quarters), _time)
    return [word for index, word in enumerate(out) if word != "oclock" or out[index + 1 : index + 2] != ["oclock"]]


def _time(words: Sequence[str], index: int, _: list[str]) -> Taken:
    if (taken := _before_half(words, index)) is not None:
        return taken
    word = words[index]
    found = _TIME.fullmatch(word)
    if found is None:
        return None
    if MAYBE_TIME in word and not _is_time(words, index, int(found[1]), int(found[2])):
        return [word.replace(MAYBE_TIME, "")], index + 1
    return [found[1], "oclock"] if found[2] == "00" else [f"{found[1]}:{found[2]}"], index + 1


def _with_quarters(words: Sequence[str], index: int, out: list[str]) -> Taken:
    """Convert `half past 6` to 6:30 and `a quarter to 6` to 5:45."""
    minutes, at = _minutes_and_hour(words, index)
    hour = words[at] if minutes is not None else ""
    after = words[at + 1] if at + 1 < len(words) else ""
    if minutes is None or not hour.isdecimal() or not 1 <= int(hour) <= 12 or after in _NOT_AFTER_A_TIME:
        return None
    if out[-1:] == ["a"]:
        out.pop()
    earlier = (int(hour) - 2) % 12 + 1
    return [f"{int(hour)}:{minutes:02d}" if minutes > 0 else f"{earlier}:{60 + minutes}"], at + 1


def _minutes_and_hour(words: Sequence[str], index: int) -> tuple[int | None, int]:
    """The minutes after (or, negative, before) the hour whose index is the second value; None for other words."""
    word = words[index]
    if not word[0].isdecimal() and word not in ("half", "quarter"):
        return None, index
    after = list(words[index + 1 : index + 4])
    if len(after) > 1 and (word, after[0]) in _QUARTERS:
        return _QUARTERS[word, after[0]], index + 2
    if not word.isdecimal() or not 0 < int(word) < 30:
        return None, index
    if len(after) > 2 and after[0] in ("minutes", "minute") and after[1] in _DIRECTIONS:
        return _DIRECTIONS[after[1]] * int(word), index + 3
    if len(after) > 1 and word in ("5", "10", "20", "25") and after[0] in ("past", "after"):
        return int(word), index + 2
    return None, index


def _before_half(words: Sequence[str], index: int) -> Taken:
    """An hour, or hour and minutes, before am or pm."""
    word = words[index]
    if not word[:1].isdecimal():
        return None
    end = index + 1
    hour, minute = word, "00"
    if found := _TIME.fullmatch(word):
        hour, minute = found[1], found[2]
    elif len(word) >= 3 and (run := _RUN_TOGETHER.fullmatch(word)):
        hour, minute = run[1], run[2]
    elif end < len(words) and re.fullmatch(r"[0-5]\d", words[end]) and word.isdecimal():
        minute, end = words[end], end + 1
    if words[end : end + 1] == ["oclock"]:
        end += 1
        if words[end : end + 2] in (["a", "m"], ["p", "m"]):
            return [str(int(hour)), f"{words[end]}m"], end + 2
    if end >= len(words) or words[end] not in _HALVES or not hour.isdecimal() or not 1 <= int(hour) <= 12:
        return None
    return [str(int(hour)) if minute == "00" else f"{int(hour)}:{minute}", words[end]], end + 1


def _is_time(words: Sequence[str], index: int, hour: int, minute: int) -> bool:
    """Whether two consecutive numbers, such as ten thirty, are a time according to the adjacent words."""
    before = words[index - 1] if index else ""
    after = words[index + 1] if index + 1 < len(words) else ""
    if not 1 <= hour <= 12 or minute > 59 or after in _NOT_AFTER_A_TIME:
        return False
    if after in _AFTER_A_TIME or _PARTS_OF_DAY & set(words[index + 1 : index + 4]):
        return True
    return before in _BEFORE_A_TIME and minute % 5 == 0


def with_zones(words: Sequence[str]) -> list[str]:
    """Return the words with `eastern` for ET and for `eastern time` after a time of day, `eastern standard` for EST."""
    if _ZONE_WORDS.isdisjoint(words):
        return list(words)
    out: list[str] = []
    after_time = False
    for word in words:
        zone = _ZONE.fullmatch(word) if out and _CLOCK.fullmatch(out[-1]) else None
        if zone is not None:
            out += [ZONES[zone[1]], *filter(None, [_KINDS_OF_ZONE.get(zone[2])])]
        elif not (word == "time" and after_time):
            out.append(word)
        named = out[-1] in (*ZONES.values(), *_KINDS_OF_ZONE.values())
        after_time = named and any(_CLOCK.fullmatch(one) for one in out[-3:-1])
    return out
