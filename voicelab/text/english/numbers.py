"""Spoken numbers as digits: cardinals, read-out digits, years, decimals, fractions, ordinals, decades.

The functions work on lists of words as `written.spelled_out` leaves them. A number that is spoken as an hour and its
minutes ("ten thirty") comes out as `10~30`: `times` decides whether it is a time, else it is 1030.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from voicelab.text.english.vocabulary import (
    DECADES,
    DENOMINATORS,
    NUMBER_STARTS,
    ONES,
    ORDINALS,
    SCALES,
    TEENS,
    TENS,
    ZEROS,
)

_NUMERAL = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_WRITTEN_STARTS = frozenset("0123456789.:")
_FRACTION = re.compile(r":over:")
MAYBE_TIME = "~"


@dataclass(frozen=True, slots=True)
class _Chunk:
    """A well-formed number: its digits, where it ends, and how large its parts are.

    size: 1 for a digit, 2 for ten to 99, 3 for more. spoken: it was written as words. ending: "", "th", or "s".
    """

    digits: str
    end: int
    size: int
    spoken: bool
    ending: str = ""


def is_numeral(word: str) -> bool:
    """Whether a word is a number in digits, with a decimal point at most."""
    return _NUMERAL.fullmatch(word) is not None


def decimal_text(value: Fraction) -> str | None:
    """A fraction as a decimal without trailing zeros; None when it does not end within twelve places."""
    scaled = value * 10**12
    if scaled.denominator != 1:
        return None
    whole, rest = divmod(scaled.numerator, 10**12)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")


def ordinal_text(digits: str) -> str:
    """`3` -> `3rd`."""
    ending = "th" if digits[-2:-1] == "1" else {"1": "st", "2": "nd", "3": "rd"}.get(digits[-1], "th")
    return digits + ending


def with_digits(words: Sequence[str]) -> list[str]:
    """The words, every spoken number in digits."""
    out: list[str] = []
    place = 0
    while place < len(words):
        starts = words[place] in NUMBER_STARTS or words[place][0] in _WRITTEN_STARTS
        found = _number(words, place, out) if starts else None
        if found is None:
            out.append(words[place])
            place += 1
        else:
            texts, place = found
            out += texts
    return out


def _number(words: Sequence[str], place: int, before: Sequence[str]) -> tuple[list[str], int] | None:
    word = words[place]
    if _FRACTION.search(word):
        return [word.strip(":").replace(":over:", "/")], place + 1
    return (
        _half_of(words, place)
        or _digit_run(words, place)
        or _fraction(words, place)
        or _decimal(words, place, None)
        or _plain(words, place, before)
    )


def _half_of(words: Sequence[str], place: int) -> tuple[list[str], int] | None:
    """Half a million, a half million, half million."""
    end = place + (words[place] == "a")
    if words[end : end + 1] != ["half"]:
        return None
    end += 1
    end += words[end : end + 1] == ["a"]
    if end < len(words) and words[end] in SCALES:
        return [str(SCALES[words[end]] // 2)], end + 1
    return None


def _digit_run(words: Sequence[str], place: int) -> tuple[list[str], int] | None:
    """Digits read out one by one: three or more, two where one is a zero or doubled; phone numbers with pauses."""
    digits, end, pauses, special = _digits_from(words, place)
    if end == place or (end < len(words) and words[end] in ("hundred", *SCALES)):
        return None
    if pauses and len(digits) not in (7, 10, 11):
        digits, end, _, special = _digits_from(words, place, through_breaks=False)
    if len(digits) < (2 if special else 3):
        return None
    spoken_pair = len(digits) == 3 and digits[1] == "0" and digits[0] != "0" and digits[2] != "0" and end == place + 3
    decimal = _decimal(words, end, digits)
    if decimal is not None:
        return decimal
    last = _chunk(words, end) if len(digits) <= 3 and not pauses else None
    if last is not None and last.spoken and last.size == 2 and not last.ending:
        return [digits + last.digits], last.end
    return [f"{digits[0]}{MAYBE_TIME}{digits[1:]}" if spoken_pair else digits], end


def _digits_from(words: Sequence[str], place: int, *, through_breaks: bool = True) -> tuple[str, int, bool, bool]:
    digits, end, pauses, special = "", place, False, False
    position = place
    while position < len(words):
        word = words[position]
        if word in ONES or word in ZEROS or (len(word) == 1 and word.isdecimal()):
            digits += str(ONES[word]) if word in ONES else ("0" if word in ZEROS else word)
            special = special or word in ZEROS
            position += 1
        elif word in ("double", "triple") and position + 1 < len(words) and _digit(words[position + 1]):
            digits += _digit(words[position + 1]) * (2 if word == "double" else 3)
            special = True
            position += 2
        elif word == "|" and through_breaks and digits and position + 1 < len(words) and _digit(words[position + 1]):
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


def _fraction(words: Sequence[str], place: int) -> tuple[list[str], int] | None:
    """Two thirds, one half, 3 quarters."""
    top = _digit(words[place]) or ("1" if words[place] == "a" else "")
    if not top or top == "0" or place + 1 >= len(words):
        return None
    name = words[place + 1]
    if name not in DENOMINATORS or (top == "1") == (name.endswith("s")) or name == "halves":
        return None
    if words[place] == "a" and name != "half":
        return None
    return [f"{top}/{DENOMINATORS[name]}"], place + 2


def _decimal(words: Sequence[str], place: int, head: str | None) -> tuple[list[str], int] | None:
    """A number with `point` and digits, or with `and a half`, times a scale; head: digits already read."""
    start = place
    if head is None:
        if words[place] == "point":
            head = "0"
        else:
            chunks = _chunks(words, place)
            if not chunks or chunks[-1].ending or (len(chunks) > 1 and not _joins(chunks)):
                return None
            head, place = "".join(chunk.digits for chunk in chunks), chunks[-1].end
    tail, end = _after_point(words, place)
    if tail:
        text = f"{head}.{tail}"
    else:
        addition = _and_part(words, place)
        if addition is None or start == place:
            return None
        part, end = addition
        text = decimal_text(Fraction(head) + part) or ""
        if not text:
            return None
    if end < len(words) and words[end] in SCALES:
        return [decimal_text(Fraction(text) * SCALES[words[end]]) or text], end + 1
    return [text], end


def _after_point(words: Sequence[str], place: int) -> tuple[str, int]:
    if words[place : place + 1] != ["point"]:
        return "", place
    tail, end = "", place + 1
    while end < len(words):
        if digit := _digit(words[end]):
            tail, end = tail + digit, end + 1
            continue
        chunk = _chunk(words, end)
        if chunk is None or "." in chunk.digits or chunk.ending or (chunk.spoken and chunk.size != 2):
            break
        tail, end = tail + chunk.digits, chunk.end
    return tail, end


def _and_part(words: Sequence[str], place: int) -> tuple[Fraction, int] | None:
    """And a half, and one half, and three quarters; a written fraction after its whole number."""
    if place < len(words) and _FRACTION.search(words[place]):
        top, bottom = words[place].strip(":").split(":over:")
        return (Fraction(int(top), int(bottom)), place + 1) if int(bottom) and int(top) < int(bottom) else None
    if words[place : place + 1] != ["and"] or place + 2 >= len(words):
        return None
    top = "1" if words[place + 1] == "a" else _digit(words[place + 1])
    name = words[place + 2]
    if (
        not top
        or name not in DENOMINATORS
        or DENOMINATORS[name] == 1
        or (top == "1" and name not in ("half", "quarter"))
    ):
        return None
    return Fraction(int(top), DENOMINATORS[name]), place + 3


def _plain(words: Sequence[str], place: int, before: Sequence[str]) -> tuple[list[str], int] | None:
    chunks = _chunks(words, place)
    if not chunks:
        return None
    if len(chunks) > 1 and not _joins(chunks):
        chunks = chunks[:1]
    digits, last = "".join(chunk.digits for chunk in chunks), chunks[-1]
    if last.ending == "th":
        seconds = words[last.end - 1] == "second" and last.end - place > 1
        if seconds and (not before or (before[-1] != "the" and not before[-1].startswith("january"))):
            return [digits[:-1] + "0" if digits[-1] == "2" else digits, "second"], last.end
        return [ordinal_text(digits)], last.end
    if last.ending == "s":
        return [f"{digits}s"], last.end
    pair = len(chunks) == 2 and all(chunk.spoken for chunk in chunks)
    if pair and 1 <= int(chunks[0].digits) <= 12 and len(chunks[1].digits) == 2 and 10 <= int(chunks[1].digits) < 60:
        return [f"{chunks[0].digits}{MAYBE_TIME}{chunks[1].digits}"], last.end
    return [digits], last.end


def _joins(chunks: Sequence[_Chunk]) -> bool:
    """Whether numbers that follow one another are one, as in nineteen ninety nine or five twenty four."""
    return all(chunk.spoken for chunk in chunks) and all(chunk.size <= 2 for chunk in chunks)


def _chunks(words: Sequence[str], place: int) -> list[_Chunk]:
    """A number, and those after it that may be joined to it: two-digit ones after one- or two-digit ones."""
    first = _chunk(words, place)
    if first is None:
        return []
    chunks = [first]
    while chunks[-1].spoken and not chunks[-1].ending and chunks[-1].size <= 2:
        after = _chunk(words, chunks[-1].end) or _zero_and_digit(words, chunks[-1].end)
        if after is None or not after.spoken or after.size != 2:
            break
        chunks.append(after)
    return chunks


def _zero_and_digit(words: Sequence[str], place: int) -> _Chunk | None:
    """Oh five, as in nineteen oh five."""
    if place + 1 < len(words) and words[place] in ZEROS and words[place + 1] in ONES:
        return _Chunk(f"0{ONES[words[place + 1]]}", place + 2, 2, spoken=True)
    return None


def _chunk(words: Sequence[str], place: int) -> _Chunk | None:
    """A well-formed number: three, twenty one, two hundred and five, 1.5 million, twenty first, a hundred."""
    if place >= len(words):
        return None
    word = words[place]
    if word in DECADES:
        return _Chunk(str(DECADES[word]), place + 1, 2, spoken=True, ending="s")
    if word == "a":
        after = words[place + 1] if place + 1 < len(words) else ""
        return _scaled(words, place + 1, Fraction(1), spoken=True) if after == "hundred" or after in SCALES else None
    if word in ("hundred", "thousand", "hundredth", "thousandth"):
        return _scaled(words, place, Fraction(1), spoken=True)
    if is_numeral(word):
        return _scaled(words, place + 1, Fraction(word), spoken=False, text=word)
    below = _below_hundred(words, place)
    if below is None:
        return None
    value, end, ending = below
    if ending:
        return _Chunk(str(value), end, 1 if value < 10 else 2, spoken=True, ending=ending)
    return _scaled(words, end, Fraction(value), spoken=True)


def _below_hundred(words: Sequence[str], place: int) -> tuple[int, int, str] | None:
    word = words[place]
    ordinal = ORDINALS.get(word)
    base = ordinal or word
    if base in TENS:
        after = words[place + 1] if place + 1 < len(words) and not ordinal else ""
        ones = ORDINALS.get(after, after)
        if ones in ONES:
            return TENS[base] + ONES[ones], place + 2, "th" if ones != after else ""
        return TENS[base], place + 1, "th" if ordinal else ""
    small = ONES.get(base) or TEENS.get(base) or (0 if word == "zero" else None)
    return None if small is None else (small, place + 1, "th" if ordinal else "")


def _scaled(
    words: Sequence[str], place: int, head: Fraction, *, spoken: bool, text: str | None = None
) -> _Chunk | None:
    """A number below 100 (or in digits) with the hundreds, thousands and so on after it."""
    total, current, largest = Fraction(0), head, Fraction(10**18)
    plain, ending = True, ""
    while place < len(words):
        skip = words[place] == "and" and not plain and place + 1 < len(words)
        word = words[place + skip]
        name = ORDINALS.get(word, word)
        if not skip and name == "hundred" and current < 100 and current:
            current, plain = current * 100, False
        elif not skip and name in SCALES and current and SCALES[name] < largest:
            total, current, largest = total + current * SCALES[name], Fraction(0), Fraction(SCALES[name])
            plain = False
        elif not plain and (spoken or largest < 10**18) and (part := _part(words, place + skip, current, largest)):
            value, place, ending = part
            current += value
            if ending:
                break
            continue
        else:
            break
        place += 1 + skip
        if word in ORDINALS:
            ending = "th"
            break
    if plain and text is not None:
        digits = f"0{text}" if text.startswith(".") else text
        return _Chunk(digits, place, 1 if len(digits) == 1 else 3, spoken=False)
    written = decimal_text(total + current)
    if written is None:
        return None
    size = 3 if not plain else (1 if total + current < 10 else 2)
    return _Chunk(written, place, size, spoken=spoken, ending=ending)


def _part(words: Sequence[str], place: int, current: Fraction, largest: Fraction) -> tuple[int, int, str] | None:
    """What may follow hundreds or thousands: a number that fits below them."""
    if current and (current % 100 or current < 100):
        return None
    word = words[place]
    if word.isdecimal() and not current:
        return (int(word), place + 1, "") if int(word) < largest and place > 0 else None
    below = _below_hundred(words, place)
    if below is None or (not below[0]) or below[0] >= largest:
        return None
    return below
