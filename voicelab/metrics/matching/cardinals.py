"""Parse the words of one number to a value (`two hundred and twelve`) or to digits (`nine nineteen`)."""

from collections.abc import Sequence
from decimal import Decimal
from math import prod

from voicelab.metrics.matching.vocabulary import REPEATS, SCALE_LETTERS, SCALES, TEENS, TENS, UNITS, ZEROS


def plain(value: Decimal) -> str:
    """A value as digits, without an exponent and trailing zeros."""
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def value_of(words: Sequence[str]) -> Decimal | None:
    """The value of a grammatical number: `two hundred and twelve`, `1.5 million`, `six and a half`; else None."""
    if words[:2] == ["half", "a"] or words[:2] == ["a", "half"]:
        rest = value_of(["one", *words[2:]]) if len(words) > 2 else None
        return rest / 2 if rest is not None else None
    if len(words) > 1 and words[-1] in SCALE_LETTERS:
        coefficient = value_of(words[:-1])
        return None if coefficient is None else coefficient * SCALE_LETTERS[words[-1]]
    if "point" in words[1:]:
        return _read_decimal(words, words.index("point"))
    words, extra = _without_fraction(list(words))
    if not words:
        return None
    if extra:
        # `a million and a half` adds half a million; `two and a half` adds 0.5.
        unit = 1 if words[-1] == "hundred" else SCALES.get(words[-1], 1)
        value = _cardinal(words)
        return None if value is None else value + extra * unit
    return _cardinal(words)


def _read_decimal(words: Sequence[str], point: int) -> Decimal | None:
    """A decimal whose integer part is a number, or is spoken by digits or in pairs: `two twelve point five`."""
    value = _cardinal(words)
    whole = digits_of(words[:point])
    if value is not None or whole is None:
        return value
    part = _decimal(words[point:], 0, Decimal(0), None)
    scales = [SCALES[word] for word in words[point:] if word in SCALES and word != "dozen"]
    scale = prod(scales)
    return None if part is None else Decimal(whole) * scale + part


def _without_fraction(words: list[str]) -> tuple[list[str], Decimal]:
    """`six and 0.5 million` -> `6.5 million`; a remaining fraction at the end is returned separately."""
    for index in range(1, len(words) - 1):
        share = words[index + 1]
        if words[index] != "and" or not share.startswith("0."):
            continue
        rest = words[index + 2 :]
        if not rest:
            return words[:index], Decimal(share)
        head = _cardinal(words[:index])
        return ([plain(head + Decimal(share)), *rest] if head is not None else []), Decimal(0)
    return words, Decimal(0)


def _cardinal(words: Sequence[str]) -> Decimal | None:
    total, group, room = Decimal(0), None, None
    limit: int | None = None
    index = 0
    while index < len(words):
        word = words[index]
        if word == "point":
            return _decimal(words, index, total + (group or 0), group)
        value = _small(words, index)
        if value is not None:
            if group is None:
                group = value
            elif room is not None and value < room and group % room == 0:
                group += value
            else:
                return None
            room = _room(word, value)
            index += 1
            continue
        if word in ("and", "a"):
            index += 1
            if word == "a":
                group = Decimal(1) if group is None else group
            continue
        if word not in SCALES:
            return None
        scale = SCALES[word]
        coefficient = Decimal(1) if group is None else group
        if scale == 100:
            if group is not None and not 0 < group < 100:
                return None
            group, room = coefficient * 100, 100
        else:
            if limit is not None and scale >= limit:
                if limit != 1000 or scale == 1000 or group is None:
                    return None
                total, coefficient = Decimal(0), total + coefficient  # `one thousand four hundred million`
            total, group, room, limit = total + coefficient * scale, None, None, scale
        index += 1
    if group is not None and limit is not None and group >= limit:
        return None
    return total + (group or 0)


def _small(words: Sequence[str], index: int) -> Decimal | None:
    """The value of one word."""
    word = words[index]
    for table in (UNITS, TEENS, TENS):
        if word in table:
            return Decimal(table[word])
    if word in ("zero", "nought", "naught") and (len(words) == 1 or words[index + 1 : index + 2] == ["point"]):
        return Decimal(0)
    return Decimal(word) if word[0].isdigit() or word[0] == "." else None


def _room(word: str, value: Decimal) -> int | None:
    """Upper limit of what may be added next: units after tens, anything under 100 after hundreds."""
    if word in TENS:
        return 10
    return None if value else 1


def _decimal(words: Sequence[str], index: int, whole: Decimal, group: Decimal | None) -> Decimal | None:
    """`three point one four`, `point five`, `one point five million`."""
    rest = list(words[index + 1 :])
    scale = 1
    while rest and rest[-1] in SCALES and rest[-1] != "dozen":
        scale *= SCALES[rest.pop()]
    if (index and group is None) or "point" in rest:
        return None
    digits = digits_of(rest)
    return (whole + Decimal(f"0.{digits}")) * scale if digits and digits.isdigit() else None


def digits_of(words: Sequence[str]) -> str | None:
    """The spoken digit string: `nine nineteen` 919, `double oh seven` 007, `eight hundred five five` 80055."""
    out, index = "", 0
    while index < len(words):
        word = words[index]
        following = words[index + 1] if index + 1 < len(words) else ""
        if word in REPEATS:
            digit = _digit(following)
            if digit is None:
                return None
            out, index = out + digit * REPEATS[word], index + 2
        elif word in TENS:
            unit = UNITS.get(following, 0)
            out, index = out + str(TENS[word] + unit), index + (2 if unit else 1)
        elif word in TEENS or word in UNITS or word in ZEROS:
            out += str(TEENS.get(word, UNITS.get(word, 0)))
            index += 1
            if index < len(words) and words[index] in ("hundred", "thousand") and word not in ZEROS:
                out, index = out + ("00" if words[index] == "hundred" else "000"), index + 1
        elif word.isdigit():
            out, index = out + word, index + 1
        else:
            return None
    return out or None


def _digit(word: str) -> str | None:
    if word in ZEROS:
        return "0"
    return str(UNITS[word]) if word in UNITS else (word if len(word) == 1 and word.isdigit() else None)
