"""Reads one well-formed number: three, twenty one, two hundred and five, 1.5 million, twenty first."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from voicelab.text.english.vocabulary import DECADES, ONES, ORDINALS, SCALES, TEENS, TENS, ZEROS

_NUMERAL = re.compile(r"\d+(?:\.\d+)?|\.\d+")


@dataclass(frozen=True, slots=True)
class NumberChunk:
    """A well-formed number: its digits, its end, and the size of its parts.

    size: 1 for a digit, 2 for 10 to 99, 3 for more. spoken: written in words. ending: "", "th", or "s".
    """

    digits: str
    end: int
    size: int
    spoken: bool
    ending: str = ""


def is_numeral(word: str) -> bool:
    """Whether a word is a number in digits, optionally with a decimal point."""
    return _NUMERAL.fullmatch(word) is not None


def decimal_text(value: Fraction | int) -> str | None:
    """Return a fraction as a decimal without trailing zeros; None if it needs more than twelve places."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**12
    if scaled.denominator != 1:
        return None
    whole, rest = divmod(scaled.numerator, 10**12)
    return f"{whole}.{rest:012d}".rstrip("0").rstrip(".")


def chunk_at(words: Sequence[str], index: int) -> NumberChunk | None:
    """A well-formed number: three, twenty one, two hundred and five, 1.5 million, twenty first, a hundred."""
    if index >= len(words):
        return None
    word = words[index]
    if word in DECADES:
        return NumberChunk(str(DECADES[word]), index + 1, 2, spoken=True, ending="s")
    if word == "a":
        after = words[index + 1] if index + 1 < len(words) else ""
        return _scaled(words, index + 1, 1, spoken=True) if after == "hundred" or after in SCALES else None
    if word in ("hundred", "thousand", "hundredth", "thousandth"):
        return _scaled(words, index, 1, spoken=True)
    if is_numeral(word):
        head = int(word) if word.isdecimal() else Fraction(word)
        return _scaled(words, index + 1, head, spoken=False, text=word)
    below = below_hundred(words, index)
    if below is None:
        return None
    value, end, ending = below
    if ending:
        return NumberChunk(str(value), end, 1 if value < 10 else 2, spoken=True, ending=ending)
    return _scaled(words, end, value, spoken=True)


def below_hundred(words: Sequence[str], index: int) -> tuple[int, int, str] | None:
    """Return a spoken number below 100, its end, and "th" if it is an ordinal."""
    word = words[index]
    ordinal = ORDINALS.get(word)
    base = ordinal or word
    if base in TENS:
        after = words[index + 1] if index + 1 < len(words) and not ordinal else ""
        ones = ORDINALS.get(after, after)
        if ones in ONES:
            return TENS[base] + ONES[ones], index + 2, "th" if ones != after else ""
        return TENS[base], index + 1, "th" if ordinal else ""
    small = ONES.get(base) or TEENS.get(base) or (0 if word == "zero" else None)
    return None if small is None else (small, index + 1, "th" if ordinal else "")


def _scaled(
    words: Sequence[str], index: int, head: Fraction | int, *, spoken: bool, text: str | None = None
) -> NumberChunk | None:
    """A number below 100 (or in digits) followed by hundreds, thousands and so on."""
    total: Fraction | int = 0
    current, largest = head, 10**18
    plain, ending = True, ""
    while index < len(words):
        skip = words[index] == "and" and not plain and index + 1 < len(words)
        word = words[index + skip]
        name = ORDINALS.get(word, word)
        if not skip and name == "hundred" and current < 100 and current:
            current, plain = current * 100, False
        elif not skip and name in SCALES and current and SCALES[name] < largest:
            total, current, largest = total + current * SCALES[name], 0, SCALES[name]
            plain = False
        elif not plain and (spoken or largest < 10**18) and (part := _part(words, index + skip, current, largest)):
            value, index, ending = part
            current += value
            if ending:
                break
            continue
        else:
            break
        index += 1 + skip
        if word in ORDINALS:
            ending = "th"
            break
    if plain and text is not None:
        digits = f"0{text}" if text.startswith(".") else text
        return NumberChunk(digits, index, 1 if len(digits) == 1 else 3, spoken=False)
    written = decimal_text(total + current)
    if written is None:
        return None
    size = 3 if not plain else (1 if total + current < 10 else 2)
    return NumberChunk(written, index, size, spoken=spoken, ending=ending)


def _part(words: Sequence[str], index: int, current: Fraction | int, largest: int) -> tuple[int, int, str] | None:
    """A number that may follow hundreds or thousands, i.e. is smaller than them."""
    if current % 100:
        return None
    word = words[index]
    if word.isdecimal() and not current:
        return (int(word), index + 1, "") if int(word) < largest and index > 0 else None
    below = below_hundred(words, index)
    return below if below is not None and 0 < below[0] < largest else None


def zero_and_digit(words: Sequence[str], index: int) -> NumberChunk | None:
    """Oh five, as in nineteen oh five."""
    if index + 1 < len(words) and words[index] in ZEROS and words[index + 1] in ONES:
        return NumberChunk(f"0{ONES[words[index + 1]]}", index + 2, 2, spoken=True)
    return None
