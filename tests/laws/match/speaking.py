"""Spoken forms of numbers, ordinals, times and codes; shares no code with the matcher, to test it independently."""

from __future__ import annotations

from collections.abc import Sequence

SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
MONTHS = "january february march april may june july august september october november december".split()
RADIO = (
    "alpha bravo charlie delta echo foxtrot golf hotel india juliet kilo lima mike november oscar papa quebec romeo "
    "sierra tango uniform victor whiskey xray yankee zulu"
).split()
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"))
_ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
             "twelve": "twelfth"}  # fmt: skip


def below_hundred(number: int) -> str:
    """`seven`, `seventy one`: a number from 0 to 99."""
    if number < 20:
        return SMALL[number]
    return TENS[number // 10 - 2] + (f" {SMALL[number % 10]}" if number % 10 else "")


def cardinal(number: int, link: str = " ") -> str:
    """A whole number in words. link: text between hundreds and the rest, a space or ` and `."""
    if number < 100:
        return below_hundred(number)
    for size, name in _SCALES:
        if number >= size:
            head, rest = f"{cardinal(number // size, link)} {name}", number % size
            return head if not rest else head + (link if rest < 100 else " ") + cardinal(rest, link)
    rest = number % 100
    return f"{SMALL[number // 100]} hundred" + (link + below_hundred(rest) if rest else "")


def digits(text: str, zero: str = "zero") -> str:
    """A text digit by digit: `nine oh two`."""
    return " ".join(zero if sign == "0" else SMALL[int(sign)] for sign in text)


def two_digits(number: int) -> str:
    """`oh five`, `fifty`."""
    return below_hundred(number) if number > 9 else f"oh {SMALL[number]}"


def pairs(number: int) -> str:
    """`two twelve`, `ten forty three`, `nineteen oh five`: a number from 100 to 9999."""
    head, tail = divmod(number, 100)
    return f"{below_hundred(head)} {two_digits(tail) if tail else 'hundred'}"


def ordinal(number: int) -> str:
    """`twenty first`, `one hundred third`."""
    *head, last = cardinal(number).split()
    ending = _ORDINALS.get(last) or (last[:-1] + "ieth" if last.endswith("y") else f"{last}th")
    return " ".join([*head, ending])


def ordinal_ending(number: int) -> str:
    """The ordinal suffix `st`, `nd`, `rd` or `th`."""
    if number % 100 in (11, 12, 13):
        return "th"
    return {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")


def year(number: int) -> str:
    """`nineteen eighty seven`, `two thousand five`."""
    return cardinal(number) if 2000 <= number < 2010 else pairs(number)


def letters(text: str, names: Sequence[str] | None = None) -> str:
    """A text character by character: `m nine m six`, or in the radio alphabet."""
    said = []
    for sign in text.lower():
        if sign.isdigit():
            said.append(SMALL[int(sign)])
        elif sign.isalpha():
            said.append(names[ord(sign) - ord("a")] if names else sign)
    return " ".join(said)


def decimal(text: str, whole: str | None = None) -> str:
    """`two hundred twelve point five` for `212.5`. whole: the words before the point; by default the cardinal."""
    head, _, tail = text.partition(".")
    said = whole if whole is not None else cardinal(int(head))
    return f"{said} point {digits(tail)}" if tail else said
