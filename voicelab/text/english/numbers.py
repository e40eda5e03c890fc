"""Converts spoken numbers to digits: cardinals, digit sequences, years, decimals, fractions, ordinals, decades.

The functions take word lists from `written.spelled_out`. A number spoken like an hour and minutes ("ten thirty")
becomes `10~30`; the module `clock` decides whether it is a time, otherwise it is 1030.
"""

import re
from collections.abc import Sequence
from fractions import Fraction

from voicelab.text.english.cardinals import (
    NumberChunk,
    below_hundred,
    chunk_at,
    decimal_text,
    is_numeral,
    zero_and_digit,
)
from voicelab.text.english.rewriting import Taken, rewritten
from voicelab.text.english.vocabulary import (
    DENOMINATORS,
    MONTH_NAMES,
    MONTHS,
    NUMBER_STARTS,
    ONES,
    SCALES,
    TEENS,
    TENS,
    ZEROS,
)

_WRITTEN_STARTS = frozenset("0123456789.:")
_FRACTION = re.compile(r"(?<=\d):over:(?=\d)")
MAYBE_TIME = "~"
_AFTER_AN_ARTICLE = frozenset({"hundred", *SCALES, *DENOMINATORS})
"""Words that make `a` a number: a hundred, a third of it."""
_SPOKEN_ZEROS = frozenset({*ZEROS, "nought", "naught"})
_COUNTED = frozenset({"percent", "dollars", "cents", "euros", "pounds", "people", "shares", "point", *SCALES})
"""Words after numbers that are not a date."""
_LOCAL_DIGITS = 7
"""Digits of a phone number after its area code."""
_CENTURIES = {"hundreds": (range(10, 22), "00"), "tens": (range(18, 22), "10"), "thousands": (range(2, 3), "000")}
_NOT_HALVED = frozenset({"percent", "percentage", "point", "per", "|", "dollar"})
"""Words after `half a` that other rules read."""


def ordinal_text(digits: str) -> str:
    """`3` -> `3rd`."""
    ending = "th" if digits[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    return digits + ending


def with_digits(words: Sequence[str]) -> list[str]:
    """Return the words with every spoken number in digits."""
    return rewritten(words, _in_digits)


def _in_digits(words: Sequence[str], index: int, out: list[str]) -> Taken:
    word = words[index]
    if word in ("a", "an"):
        starts = index + 1 < len(words) and words[index + 1] in _AFTER_AN_ARTICLE
    else:
        starts = word in NUMBER_STARTS or word[0] in _WRITTEN_STARTS
    found = _number(words, index, out) if starts else None
    if found is not None:
        _share_scale(out, found[0], words[found[1] - 1])
    return found


def _share_scale(before: list[str], number: Sequence[str], last: str) -> None:
    """Multiply the lower end of a range in place: 5000 to 10000 for `five to ten thousand`. last: the last word."""
    if last not in SCALES or before[-1:] != ["to"] or len(number) != 1 or len(before) < 2:
        return
    low, scale = before[-2], SCALES[last]
    if is_numeral(low) and is_numeral(number[0]) and Fraction(low) < Fraction(number[0]) / scale < 1000:
        before[-2] = decimal_text(Fraction(low) * scale) or low


def _number(words: Sequence[str], index: int, before: Sequence[str]) -> Taken:
    word = words[index]
    if _FRACTION.search(word):
        return [word.strip(":").replace(":over:", "/")], index + 1
    if before[-1:] in (["q"], ["h"]) and _is_year(words, index + 1) and 1 <= ONES.get(word, 0) <= 4:
        return [str(ONES[word])], index + 1
    return (
        _half_of(words, index)
        or _phone_with_hundreds(words, index)
        or _century(words, index)
        or _digit_run(words, index)
        or _fraction(words, index)
        or _decimal(words, index, None)
        or _plain(words, index, before)
    )


def _is_year(words: Sequence[str], index: int) -> bool:
    """Twenty twenty three, nineteen ninety nine, or twenty four without its century."""
    year = words[index : index + 2]
    if len(year) < 2 or year[0] not in ("nineteen", "twenty"):
        return False
    short = year[0] == "twenty" and year[1] in ONES and words[index + 2 : index + 3] not in (["hundred"], ["thousand"])
    return short or year[1] in TENS or year[1] in TEENS


def _half_of(words: Sequence[str], index: int) -> Taken:
    """Half a million, a half million, half million."""
    end = index + (words[index] == "a")
    if words[end : end + 1] != ["half"]:
        return None
    end += 1
    article = words[end : end + 1] in (["a"], ["an"])
    end += article
    if end < len(words) and words[end] in SCALES:
        return [str(SCALES[words[end]] // 2)], end + 1
    if article and words[index] == "half" and end < len(words) and words[end] not in _NOT_HALVED:
        return ["1/2"], end
    return None


def _phone_with_hundreds(words: Sequence[str], index: int) -> Taken:
    """Eight hundred five five five oh one nine nine, with or without a one before it."""
    head = "1" if words[index] in ("one", "1") else ""
    start = index + len(head)
    start += bool(head) and words[start : start + 1] == ["|"]
    if words[start : start + 1] == [] or not _digit(words[start]) or words[start + 1 : start + 2] != ["hundred"]:
        return None
    head, start = f"{head}{_digit(words[start])}00", start + 2
    start += words[start : start + 1] == ["|"]
    digits, end, _, _ = _digits_from(words, start)
    return ([head + digits], end) if len(digits) == _LOCAL_DIGITS else None


def _century(words: Sequence[str], index: int) -> Taken:
    """The eighteen hundreds, the twenty tens, the two thousands."""
    below = below_hundred(words, index)
    ending = words[below[1]] if below is not None and below[1] < len(words) else ""
    if below is None or below[2] or ending not in _CENTURIES or below[0] not in _CENTURIES[ending][0]:
        return None
    return [f"{below[0]}{_CENTURIES[ending][1]}s"], below[1] + 1


def _digit_run(words: Sequence[str], index: int) -> Taken:
    """Digits read out one by one: at least three, or two with a zero or a double; phone numbers with pauses."""
    digits, end, pauses, special = _digits_from(words, index)
    if end == index or (end < len(words) and words[end] in ("hundred", *SCALES)):
        return None
    if len(digits) < (2 if special else 3):
        return None
    spoken_pair = len(digits) == 3 and digits[1] == "0" and digits[0] != "0" and digits[2] != "0" and end == index + 3
    decimal = _decimal(words, end, digits)
    if decimal is not None:
        return decimal
    last = chunk_at(words, end) if len(digits) <= 3 and not pauses else None
    if last is not None and last.spoken and last.size == 2 and not last.ending:
        return [digits + last.digits], last.end
    return [f"{digits[0]}{MAYBE_TIME}{digits[1:]}" if spoken_pair else digits], end


def _digits_from(words: Sequence[str], index: int) -> tuple[str, int, bool, bool]:
    digits, end, pauses, special = "", index, False, False
    position = index
    while position < len(words):
        word = words[position]
        if digit := _digit(word):
            digits += digit
            special = special or word in ZEROS
            position += 1
        elif word in ("double", "triple") and position + 1 < len(words) and _digit(words[position + 1]):
            digits += _digit(words[position + 1]) * (2 if word == "double" else 3)
            special = True
            position += 2
        elif word == "|" and digits and position + 1 < len(words) and _digit(words[position + 1]):
            pauses = True
            position += 1
            continue
        else:
            break
        end = position
    return digits, end, pauses, special and len(digits) > 1


def _digit(word: str) -> str:
    if word in ONES:
        return str(ONES[word])
    return "0" if word in ZEROS else (word if len(word) == 1 and word.isdecimal() else "")


def _fraction(words: Sequence[str], index: int) -> Taken:
    """Two thirds, one half, 3 quarters."""
    article = words[index] in ("a", "an")
    top = _digit(words[index]) or ("1" if article else "")
    if not top or top == "0" or index + 1 >= len(words):
        return None
    name = words[index + 1]
    if name not in DENOMINATORS or (top == "1") == (name.endswith("s")) or name == "halves":
        return None
    if article and name != "half" and not _is_share(words, index + 2):
        return None
    return [f"{top}/{DENOMINATORS[name]}"], index + 2


def _is_share(words: Sequence[str], index: int) -> bool:
    """Whether `of` and a thing follow, as in `a third of it`, unlike `a third of May` and `a quarter of six`."""
    thing = words[index + 1] if words[index : index + 1] == ["of"] and index + 1 < len(words) else ""
    counted = thing[:1] in _WRITTEN_STARTS or (thing in NUMBER_STARTS and thing not in ("a", "an"))
    return thing not in ("", "|") and not counted and thing not in MONTHS


def _decimal(words: Sequence[str], index: int, head: str | None) -> Taken:
    """A number with `point` and digits, or with `and a half`, and an optional scale; head: digits already read."""
    start = index
    if head is None:
        if words[index] == "point":
            head = "0"
        elif words[index] in _SPOKEN_ZEROS and words[index + 1 : index + 2] == ["point"]:
            head, index = "0", index + 1
        else:
            chunks = _chunks(words, index)
            if not chunks or chunks[-1].ending or (len(chunks) > 1 and not _joins(chunks)):
                return None
            head, index = "".join(chunk.digits for chunk in chunks), chunks[-1].end
    tail, end = _after_point(words, index)
    if tail:
        text = f"{head}.{tail}"
    else:
        addition = _and_part(words, index)
        if addition is None or start == index:
            return None
        part, end = addition
        text = decimal_text(Fraction(head) + part) or ""
        if not text:
            return None
    if end < len(words) and words[end] in SCALES:
        return [decimal_text(Fraction(text) * SCALES[words[end]]) or text], end + 1
    return [text], end


def _after_point(words: Sequence[str], index: int) -> tuple[str, int]:
    if words[index : index + 1] != ["point"]:
        return "", index
    tail, end = "", index + 1
    while end < len(words):
        if digit := _digit(words[end]):
            tail, end = tail + digit, end + 1
            continue
        chunk = chunk_at(words, end)
        if chunk is None or "." in chunk.digits or chunk.ending or (chunk.spoken and chunk.size != 2):
            break
        tail, end = tail + chunk.digits, chunk.end
    return tail, end


def _and_part(words: Sequence[str], index: int) -> tuple[Fraction, int] | None:
    """And a half, and one half, and three quarters; or a written fraction after an integer."""
    if index < len(words) and _FRACTION.search(words[index]):
        top, bottom = words[index].strip(":").split(":over:")
        return (Fraction(int(top), int(bottom)), index + 1) if int(bottom) and int(top) < int(bottom) else None
    if words[index : index + 1] != ["and"] or index + 2 >= len(words):
        return None
    top = "1" if words[index + 1] == "a" else _digit(words[index + 1])
    name = words[index + 2]
    if (
        not top
        or name not in DENOMINATORS
        or DENOMINATORS[name] == 1
        or (top == "1" and name not in ("half", "quarter"))
    ):
        return None
    return Fraction(int(top), DENOMINATORS[name]), index + 3


def _plain(words: Sequence[str], index: int, before: Sequence[str]) -> Taken:
    chunks = _chunks(words, index)
    if not chunks or (words[index] == "second" and before[-1:] == ["per"]):
        return None
    if (date := _date(words, chunks)) is not None:
        return date
    if len(chunks) > 1 and (not _joins(chunks) or _is_day(chunks, before)):
        chunks = chunks[:1]
    digits, last = "".join(chunk.digits for chunk in chunks), chunks[-1]
    if last.ending == "th":
        seconds = words[last.end - 1] == "second" and last.end - index > 1
        if seconds and (not before or (before[-1] != "the" and not before[-1].startswith("january"))):
            return [digits[:-1] + "0" if digits[-1] == "2" else digits, "second"], last.end
        return [ordinal_text(digits)], last.end
    if last.ending == "s":
        return [f"{digits}s"], last.end
    pair = len(chunks) == 2 and all(chunk.spoken for chunk in chunks)
    if pair and 1 <= int(chunks[0].digits) <= 12 and len(chunks[1].digits) == 2 and 10 <= int(chunks[1].digits) < 60:
        return [f"{chunks[0].digits}{MAYBE_TIME}{chunks[1].digits}"], last.end
    return [digits], last.end


def _date(words: Sequence[str], chunks: Sequence[NumberChunk]) -> Taken:
    """Twelve thirty one twenty four: a month, a day above 12, and a year from 2010 to 2039."""
    if len(chunks) != 3 or not all(chunk.spoken and chunk.digits.isdecimal() and not chunk.ending for chunk in chunks):
        return None
    month, day, year = (int(chunk.digits) for chunk in chunks)
    after = words[chunks[-1].end] if chunks[-1].end < len(words) else ""
    if not (1 <= month <= 12 < day <= 31 and 10 <= year < 40) or (month, day) == (10, 20) or after in _COUNTED:
        return None
    return [MONTH_NAMES[month - 1], str(day), f"20{year}"], chunks[-1].end


def _is_day(chunks: Sequence[NumberChunk], before: Sequence[str]) -> bool:
    """Whether three numbers after a month are its day and a year: december thirty one twenty twenty four."""
    month = bool(before) and before[-1] in MONTHS
    return month and len(chunks) == 3 and int(chunks[0].digits) <= 31 and chunks[1].digits in ("19", "20")


def _joins(chunks: Sequence[NumberChunk]) -> bool:
    """Whether consecutive numbers form one, as in nineteen ninety nine or five twenty four."""
    return all(chunk.spoken for chunk in chunks) and all(chunk.size <= 2 for chunk in chunks)


def _chunks(words: Sequence[str], index: int) -> list[NumberChunk]:
    """A number and those that may join it: two-digit numbers after one- or two-digit ones."""
    first = chunk_at(words, index)
    if first is None:
        return []
    chunks = [first]
    while chunks[-1].spoken and not chunks[-1].ending and chunks[-1].size <= 2:
        after = chunk_at(words, chunks[-1].end) or zero_and_digit(words, chunks[-1].end)
        if after is None or not after.spoken or after.size != 2:
            break
        chunks.append(after)
    return chunks
