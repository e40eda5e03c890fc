"""Times of day in digits or words: `4:30`, `four thirty pm`, `half past four`, `quarter to five`, `sixteen thirty`.

If one side has no `am` or `pm`, `4:30` and `16:30` are equal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from voicelab.metrics.matching.numerals import Number, numbers
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import CENTS, CURRENCIES, SPELLED_NUMBERS, TEENS, TENS, UNITS, ZEROS

_AT = frozenset("at by around about until till from before after for since to between past and".split())
_MINUTES_TO = frozenset("hundred to till til of before past after minutes minute half quarter a oclock".split())
_CORE_WORDS = frozenset({*ZEROS, *UNITS, *TEENS, *TENS, *_MINUTES_TO})
_LONGEST = 6
"""Words of a time such as `twenty five minutes to twenty two`."""
_NAMED_HOURS = {"noon": "pm", "midday": "pm", "midnight": "am"}
_OTHER_UNITS = frozenset({*CURRENCIES, *CENTS, "percent", "pct", "bps"})
"""Words after a number that is not a time."""
_SMALL_HOURS = (12, 1, 2, 3, 4)
"""Hours that are after midnight with `at night`."""
_FOUR_DIGITS = re.compile(r"(\d{1,2})(\d{2})")


@dataclass(frozen=True, slots=True)
class Time:
    """A time of day. hour: 0..23, or 0..12 if half is "am" or "pm". vague: it may also be a plain number.

    start: index of its first token; several times with the same start are readings of the same words.
    """

    hour: int
    minute: int
    half: str | None = None
    vague: bool = False
    start: int = 0

    def same(self, other: Time) -> bool:
        if self.minute != other.minute:
            return False
        mine, theirs = self._of_the_day(), other._of_the_day()
        return mine == theirs if mine is not None and theirs is not None else self.hour % 12 == other.hour % 12

    def _of_the_day(self) -> int | None:
        if self.half is not None:
            return self.hour % 12 + (12 if self.half == "pm" else 0)
        return self.hour if self.hour > 12 or self.hour == 0 else None


def times(tokens: Sequence[Token]) -> list[Time]:
    """Every time of day that the text may name."""
    found: list[Time] = []
    taken: set[int] = set()
    for index, token in enumerate(tokens):
        if token.text in _NAMED_HOURS and index not in taken:
            found.append(Time(12, 0, _NAMED_HOURS[token.text], start=index))
        elif token.text in ("past", "after", "to", "till", "of", "before", "til"):
            around = [replace(one, start=index) for one in _around(tokens, index)]
            found += around
            taken |= {index - 2, index - 1, index, index + 1} if around else set()
    for number in numbers(tokens):
        in_a_word = number.first > 0 and tokens[number.first].joined and not tokens[number.first].mark  # `R9AM`
        if number.first not in taken and not number.negative and not in_a_word:
            found += (replace(one, start=number.start) for one in _from_number(tokens, number))
    return found


def named_times(tokens: Sequence[Token]) -> list[list[Time]]:
    """The times of an entity with their readings: two for `9 AM to 5 PM`; a vague one only if there is no other."""
    every = times(tokens)
    clear = [one for one in every if not one.vague] or every[:1]
    return [[one for one in clear if one.start == start] for start in dict.fromkeys(one.start for one in clear)]


def may_be_said(tokens: Sequence[Token]) -> bool:
    """Whether an entity consists of words that may be a time: `five thirty`, `ten to six`."""
    plain = all(not token.number and not token.paused and token.text in _CORE_WORDS for token in tokens)
    return plain and len(tokens) <= _LONGEST


def _from_number(tokens: Sequence[Token], number: Number) -> Iterator[Time]:
    words = [token.text for token in tokens[number.first : number.end]]
    if number.partial:
        yield from _with_colon(tokens, number)
        return
    if _has_other_unit(tokens, number.end):
        return
    half, clock = _half(tokens, number.end), number.end < len(tokens) and tokens[number.end].text in ("oclock", "hours")
    before = tokens[number.start - 1].text if number.start else ""
    told = half is not None or clock or before in _AT
    ends = number.end >= len(tokens) or tokens[number.end].paused
    for hour, minute in _readings(words, tokens[number.first : number.end]):
        if 0 <= hour < 25 and 0 <= minute < 60 and not (clock and minute and hour < 13):
            military = words[1:] == ["hundred"] and hour > 12 and ends
            vague = not told and not military and (len(words) == 1 or (minute == 0 and len(words) < 3))
            yield Time(hour % 24, minute, _of_the_night(half, hour), vague)


def _has_other_unit(tokens: Sequence[Token], index: int) -> bool:
    return index < len(tokens) and tokens[index].text in _OTHER_UNITS and not tokens[index].paused


def _of_the_night(half: str | None, hour: int) -> str | None:
    """`three at night` is in the morning, `nine at night` in the evening."""
    if half != "night":
        return half
    return "am" if hour in _SMALL_HOURS else "pm"


def _with_colon(tokens: Sequence[Token], number: Number) -> Iterator[Time]:
    """`4:30`: the number before the colon, with the one after it."""
    index = number.end
    if index >= len(tokens) or tokens[index].mark != ":" or not tokens[index].number or number.end - number.start != 1:
        return
    hour, minute = tokens[number.start].text, tokens[index].text
    end = index + 1
    while end < len(tokens) and tokens[end].mark == ":" and tokens[end].number:
        end += 1
    if hour.isdigit() and minute.isdigit() and len(minute) == 2 and int(hour) < 25 and int(minute) < 60:
        yield Time(int(hour) % 24, int(minute), _of_the_night(_half(tokens, end), int(hour)))


def _readings(words: Sequence[str], tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """Hours and minutes: `four`, `four thirty`, `sixteen hundred`, `four oh five`, `430`."""
    for size in (1, 2):
        hour = _below_hundred(words[:size])
        if hour is None or len(words) < size:
            continue
        rest = list(words[size:])
        if not rest or rest == ["hundred"]:
            yield hour, 0
        elif (minute := _minutes(rest)) is not None:
            yield hour, minute
    if len(tokens) == 1 and tokens[0].number:
        token = tokens[0].text.replace(".", "") if re.fullmatch(r"\d{1,2}\.\d{2}", tokens[0].text) else tokens[0].text
        if len(token) in (3, 4) and (found := _FOUR_DIGITS.fullmatch(token)):
            yield int(found[1]), int(found[2])
    elif words and words[0] in ZEROS and len(words) > 1:
        yield from _readings(words[1:], tokens[1:])


def _below_hundred(words: Sequence[str]) -> int | None:
    if len(words) == 1:
        word = words[0]
        if word.isdigit() and len(word) < 3:
            return int(word)
        return UNITS.get(word, TEENS.get(word, TENS.get(word, 0 if word == "zero" else None)))
    if len(words) == 2 and words[0] in TENS and words[1] in UNITS:
        return TENS[words[0]] + UNITS[words[1]]
    return None


def _minutes(words: Sequence[str]) -> int | None:
    """Two digits: `thirty`, `twenty five`, `oh five`, `30`; not a single digit."""
    if len(words) == 2 and words[0] in ZEROS and words[1] in UNITS:
        return UNITS[words[1]]
    if len(words) == 1 and (words[0] in UNITS or (words[0].isdigit() and len(words[0]) != 2)):
        return None
    return _below_hundred(words)


def _half(tokens: Sequence[Token], index: int) -> str | None:
    """`am` or `pm` at `index`, or a part of the day after it; `night` depends on the hour."""
    index += index < len(tokens) and tokens[index].text == "oclock"
    words = [token.text for token in tokens[index : index + 3]]
    if words[:1] in (["am"], ["pm"]):
        return words[0]
    if words[:2] in (["a", "m"], ["p", "m"]):
        return f"{words[0]}m"
    if words == ["in", "the", "morning"] or words[:2] == ["this", "morning"]:
        return "am"
    if words[:2] == ["at", "night"] or words == ["in", "the", "night"]:
        return "night"
    evening = words[:2] == ["in", "the"] and words[2:] in (["afternoon"], ["evening"])
    return "pm" if evening or words[:1] == ["tonight"] else None


def _around(tokens: Sequence[Token], index: int) -> Iterator[Time]:
    """`half past four`, `quarter to five`, `ten past six`: the word between is at `index`."""
    later = tokens[index].text in ("past", "after")
    minutes = _minutes_before(tokens, index)
    if minutes is None or (minutes == 30 and not later):
        return
    named = _NAMED_HOURS.get(tokens[index + 1].text) if index + 1 < len(tokens) else None
    if named is not None:
        before = "am" if named == "pm" else "pm"
        yield Time(12, minutes, named) if later else Time(11, 60 - minutes, before)
        return
    for number in numbers(tokens[index + 1 : index + 4]):
        words = [token.text for token in tokens[index + 1 : index + 1 + number.end]]
        hour = _below_hundred(words) if number.start == 0 else None
        end = index + 1 + number.end
        if hour is None or not 0 <= hour <= 24 or _has_other_unit(tokens, end):
            continue
        half = _of_the_night(_half(tokens, end), hour)
        if later:
            yield Time(hour % 24, minutes, half)
        else:
            earlier = (hour - 1) % 24 if hour > 12 else (hour - 2) % 12 + 1
            yield Time(earlier, 60 - minutes, half if hour != 12 else None)


def _is_counting(token: Token) -> bool:
    return token.number or token.text in SPELLED_NUMBERS or token.text in ("minus", "negative")


def _minutes_before(tokens: Sequence[Token], index: int) -> int | None:
    last = index - 1
    if last >= 0 and tokens[last].text in ("minutes", "minute"):
        last -= 1
    if last < 0:
        return None
    word = tokens[last].text
    if word in ("half", "quarter"):
        return 30 if word == "half" else 15
    two = _below_hundred([token.text for token in tokens[max(0, last - 1) : last + 1]]) if last else None
    one = _below_hundred([word])
    minutes = two if two is not None else one
    first = last - (two is not None)
    if first and not tokens[first].paused and _is_counting(tokens[first - 1]):
        return None  # `one hundred ten to twelve` is a range
    return minutes if minutes is not None and 0 < minutes < 30 else None
