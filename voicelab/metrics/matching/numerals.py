"""Numbers in words and digits: find the numbers of a text with all readings of each.

A reading is a text: a value as plain digits ("212.5", "1500000"), a digit string with its zeros ("0715"), an ordinal
("3th"), a decade ("1990s"). Two numbers are equal if they share a reading. Only whole numbers match: `nine nineteen` is
`919` and does not contain `19`.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise

from voicelab.metrics.matching.cardinals import digits_of, plain, value_of
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import (
    CENTURIES,
    CURRENCIES,
    DECADES,
    ORDINAL_SCALES,
    ORDINAL_UNITS,
    ORDINALS,
    REPEATS,
    SCALE_LETTERS,
    SCALES,
    SIGNS_BEFORE,
    TEENS,
    TENS,
    UNITS,
    ZEROS,
)

_CORE = frozenset({*UNITS, *TEENS, *TENS, *SCALES, *ORDINALS, *DECADES, "zero", "nought", "naught"})
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th"})
_LONGEST = 30
_LEAST, _MOST, _LONGEST_PAIR = 2, 4, 4
"""Digits of a pair such as `24/7`, and words of a spoken one."""
_HYPHEN = re.compile(rf"-[{SIGNS_BEFORE}]?")
_BETWEEN = frozenset("to or and through".split())
_SPOKEN_SCALES = frozenset("k mil bil tril mln bln trn".split())
_UNIT_WORDS = frozenset("percent pct percentage per bps basis dollars euros pounds".split())


@dataclass(frozen=True, slots=True)
class Number:
    """A number: the tokens [start, end).

    value: its value, None for a digit string. first: index of its digits or words, after `minus`.
    """

    start: int
    end: int
    readings: frozenset[str]
    value: Decimal | None
    digits: str | None
    partial: bool = False
    """Whether it is part of a time or a date in digits, as 30 in 4:30."""
    negative: bool = False
    after_sign: int = 0
    """Number of sign words at its start."""

    @property
    def first(self) -> int:
        return self.start + self.after_sign


def numbers(tokens: Sequence[Token]) -> list[Number]:
    """The numbers of a text, each as long as possible; if it has two possible ends, both."""
    found: list[Number] = []
    index = 0
    while index < len(tokens):
        end = _stretch(tokens, index)
        if end == index:
            index += 1
            continue
        if is_range(tokens, index) and _may_be_one(tokens, index) and (one := read(tokens, index, index + 2)):
            found.append(one)
        made = read(tokens, index, end)
        while made is None and end > index + 1:
            end -= 1
            made = read(tokens, index, end)
        if made is not None:
            found.append(replace(made, partial=True) if _is_dotted(tokens, end) else made)
        found += _parts(tokens, index, end)
        found += _in_digits(tokens, index)
        index = end
    return [signed for one in found for signed in _with_sign(tokens, one)]


ByStart = Mapping[int, Sequence[Number]]


def by_start(found: Sequence[Number]) -> ByStart:
    """The numbers that begin at each index."""
    starts: dict[int, list[Number]] = {}
    for one in found:
        starts.setdefault(one.start, []).append(one)
    return starts


def _is_dotted(tokens: Sequence[Token], end: int) -> bool:
    """Whether `point` and another number follow, as in `two point five point one`, which is not 2.5."""
    return end + 1 < len(tokens) and tokens[end].text == "point" and _connects(tokens, end, end)


def is_range(tokens: Sequence[Token], index: int) -> bool:
    """Whether `index` has a range such as `5-10`: two plain numbers with a hyphen, the smaller one first."""
    if not 0 <= index < len(tokens) - 1:
        return False
    low, high = tokens[index], tokens[index + 1]
    if not (low.number and high.number and high.joined and _HYPHEN.fullmatch(high.mark)):
        return False
    longer = index + 2 < len(tokens) and tokens[index + 2].number and tokens[index + 2].joined
    longer = longer or (low.joined and low.mark in ("-", "/", ".") and index > 0 and tokens[index - 1].number)
    padded = any(len(token.text) > 1 and token.text[0] == "0" and token.text[1] != "." for token in (low, high))
    local = (len(low.text), len(high.text)) == (3, 4) and not high.mark.endswith("$")
    return not (longer or padded or local) and Decimal(low.text) < Decimal(high.text)


def _may_be_one(tokens: Sequence[Token], index: int) -> bool:
    """Whether two hyphenated numbers may be a code in two groups: no unit, at least four digits, no fraction."""
    digits = tokens[index].text + tokens[index + 1].text
    after = tokens[index + 2] if index + 2 < len(tokens) else None
    unit = after is not None and (after.text in _UNIT_WORDS or after.text in SCALES or after.joined)
    return digits.isdigit() and len(digits) > 3 and not unit and not tokens[index].mark.endswith(tuple(SIGNS_BEFORE))


def upper_end(tokens: Sequence[Token], number: Number, starts: Mapping[int, Number]) -> Number | None:
    """The end of the range that begins with `number`: `five to ten`, `5-10`, `between five and ten`."""
    index = number.end
    if index >= len(tokens):
        return None
    direct = starts.get(index)
    if direct is not None and direct.first < len(tokens) and _HYPHEN.fullmatch(tokens[direct.first].mark):
        return direct if tokens[direct.first].joined else None
    return starts.get(index + 1) if tokens[index].text in _BETWEEN and not tokens[index].paused else None


def _with_sign(tokens: Sequence[Token], number: Number) -> Iterator[Number]:
    """The negative number after a minus sign; after `plus`, the number with and without the word."""
    start = number.start
    before = tokens[start - 1] if start else None
    word = before.text if before is not None and not tokens[start].paused else ""
    subtracts = before is not None and not before.paused and _ends_an_amount(tokens, start - 2)
    if word == "negative" or (word == "minus" and not subtracts):
        yield _below_zero(number, after_sign=1)
    elif _has_minus_sign(tokens, start):
        yield _below_zero(number, after_sign=0)
    elif _is_below_zero(tokens, number.end):
        direct = tokens[number.end].text == "below" and number.end + 1 < len(tokens)
        yield _below_zero(replace(number, end=number.end + 2 * direct), after_sign=0)
    else:
        yield number
        if word in ("plus", "positive"):
            yield replace(number, start=start - 1, after_sign=1)


def _has_minus_sign(tokens: Sequence[Token], start: int) -> bool:
    """Whether a minus sign precedes the number; right after another number it is a hyphen."""
    token = tokens[start]
    word = token.text in _CORE and token.mark == "-" and not token.joined
    return (token.negative or word) and (not start or not tokens[start - 1].number or tokens[start].paused)


def _ends_an_amount(tokens: Sequence[Token], index: int) -> bool:
    """Whether a number, or the unit right after one, ends at `index`: `ten dollars` in `ten dollars minus five`."""
    if index > 0 and (tokens[index].text in CURRENCIES or tokens[index].text in _UNIT_WORDS):
        index -= 1
    return index >= 0 and (tokens[index].number or tokens[index].text in _CORE)


def _below_zero(number: Number, *, after_sign: int) -> Number:
    return replace(
        number,
        start=number.start - after_sign,
        after_sign=after_sign,
        readings=frozenset(f"-{reading}" for reading in number.readings),
        value=None if number.value is None else -number.value,
        negative=True,
    )


def _is_below_zero(tokens: Sequence[Token], index: int) -> bool:
    """`below zero` at `index`, or after `degrees` there."""
    words = [token.text for token in tokens[index : index + 3]]
    words = words[1:] if words[:1] in (["degrees"], ["degree"]) else words
    return words[:2] == ["below", "zero"] or (words == ["below"] and index + 2 >= len(tokens))


def is_fraction(tokens: Sequence[Token]) -> bool:
    """Whether an entity begins with a fraction in digits, such as `3/4` and `2/3 cup`."""
    return bool(_in_digits(tokens, 0))


def says_pair(entity: Sequence[Token], text: Sequence[Token]) -> bool:
    """Whether one of the two says the numbers of `24/7`, `9/11` or `50/50` in sequence, and the other writes them."""
    if len(entity) > _LONGEST_PAIR:
        return False
    return any(both in _spoken_pairs(text) for both in _written_pairs(entity)) or any(
        both in _written_pairs(text) for both in _spoken_pairs(entity)
    )


def _written_pairs(tokens: Sequence[Token]) -> set[str]:
    """The digits of `24/7`; not those of a date with a year."""
    return {
        one.text + other.text
        for index, (one, other) in enumerate(pairwise(tokens))
        if other.mark == "/"
        and other.joined
        and one.text.isdigit()
        and other.text.isdigit()
        and "/" not in (one.mark, *(token.mark for token in tokens[index + 2 : index + 3]))
    }


def _spoken_pairs(tokens: Sequence[Token]) -> set[str]:
    """The digits of `twenty four seven`."""
    said = (one for one in numbers(tokens) if one.value is None and not tokens[one.first].number)
    return {one.digits for one in said if one.digits is not None and _LEAST <= len(one.digits) <= _MOST}


def _in_digits(tokens: Sequence[Token], index: int) -> list[Number]:
    """`1/2` in digits; `3/4` may also be a date."""
    if not 0 <= index < len(tokens) - 1:
        return []
    top, bottom = tokens[index], tokens[index + 1]
    if not (top.number and bottom.number and bottom.joined and bottom.mark == "/" and top.mark != "/"):
        return []
    longer = index + 2 < len(tokens) and tokens[index + 2].mark == "/"
    if longer or not (top.text.isdigit() and bottom.text.isdigit() and 0 < int(top.text) < int(bottom.text)):
        return []
    if int(bottom.text) > 100 and bottom.text != "1000":
        return []
    value = Decimal(f"{int(top.text) / int(bottom.text):.12f}")
    return [Number(index, index + 2, frozenset({plain(value)}), value, None)]


def _stretch(tokens: Sequence[Token], start: int) -> int:
    """The end of the longest sequence of number words and digits from `start` on; `start` if there is none."""
    end, core = start, False
    for index in range(start, min(len(tokens), start + _LONGEST)):
        token = tokens[index]
        before = tokens[index - 1] if index > start else None
        if before is not None and (_apart(before, token) or is_range(tokens, index - 1)):
            break
        if token.number or token.text in _CORE or (core and token.text in ZEROS):
            core, end = True, index + 1
            if before is not None and before.number and token.number and "." in token.text:
                end = index
                break
            if token.text in ORDINALS or token.text in DECADES:
                break
        elif token.text in _ORDINAL_ENDINGS and token.joined and before is not None and before.number:
            end = index + 1
            break
        elif core and token.joined and not token.mark and before is not None and before.number:
            if token.text == "s" or token.text in SCALE_LETTERS:
                end = index + 1
            break
        elif core and token.text in _SPOKEN_SCALES and token.mark != "-":  # `10-K` is a form
            end = index + 1
        elif not _connects(tokens, start, index):
            break
    return end if core else start


def _apart(before: Token, token: Token) -> bool:
    """Whether adjacent tokens are separate numbers: a comma, full stop, colon or slash between them."""
    if any(sign in token.mark for sign in f":/{SIGNS_BEFORE}"):
        return True
    if not token.paused:
        return False
    return not ((before.text in SCALES and not token.joined) or any(sign in token.mark for sign in "()"))


def _connects(tokens: Sequence[Token], start: int, index: int) -> bool:
    """Whether a word that is not a number belongs to one: `a hundred`, `point five`, `two hundred and six`."""
    text = tokens[index].text
    following = tokens[index + 1] if index + 1 < len(tokens) else None
    after = tokens[index + 2].text if index + 2 < len(tokens) else ""
    if following is None or _apart(tokens[index], following):
        return False
    counts = following.number or following.text in _CORE or following.text in ZEROS
    if text == "and" and index > start:
        before = tokens[index - 1].text
        return following.text.startswith("0.") or (
            before in SCALES and before != "dozen" and counts and following.text not in SCALES
        )
    if text == "a":
        return following.text in SCALES
    if text == "half":
        return following.text == "a" and after in SCALES
    if text == "point":
        return counts or following.text in REPEATS
    if text in REPEATS:
        return following.text in UNITS or following.text in ZEROS or following.number
    return text in ("oh", "o") and counts


def _parts(tokens: Sequence[Token], start: int, end: int) -> list[Number]:
    """Alternative shorter numbers: separately written digits, and `thirty` of `thirty second`."""
    if end - start < 2:
        return []
    parts: list[Number] = []
    last = tokens[end - 1]
    if last.text in ("second", "third", "fourth", "fifth") and (shorter := read(tokens, start, end - 1)):
        parts.append(shorter)
    if last.joined and last.text in SCALE_LETTERS and (shorter := read(tokens, start, end - 1)):
        # `3M` is also a name; the 3 alone is then not a separate number.
        parts.append(replace(shorter, partial=True))
    if all(token.number for token in tokens[start:end]) and not any(token.joined for token in tokens[start + 1 : end]):
        parts += [one for index in range(start, end) if (one := read(tokens, index, index + 1))]
    return parts


def read(tokens: Sequence[Token], start: int, end: int) -> Number | None:
    """Every reading of tokens[start:end] as one number; None if it is not a number."""
    words = [token.text for token in tokens[start:end]]
    ordinal = _ordinal(tokens, start, end)
    if ordinal is not None:
        return Number(start, end, frozenset({f"{ordinal}th"}), Decimal(ordinal), None)
    if words[-1] in DECADES or words[-1] == "s":
        decade = _decade(tokens, start, end)
        return Number(start, end, frozenset(decade), None, None) if decade else None
    value = value_of(words)
    digits = digits_of(words)
    if value is None and digits is None:
        return None
    readings = set()
    if value is not None and not _is_padded(words):
        readings.add(plain(value))
    if digits is not None and (value is None or len(words) == 1 or not set(words) & set(SCALES)):
        readings.add(digits)
    partial = _written_into(tokens, start) or (end < len(tokens) and _written_into(tokens, end))
    return Number(start, end, frozenset(readings), value, digits, partial)


def _is_padded(words: Sequence[str]) -> bool:
    """Whether a number is written like `007`, whose zeros count; `07` is how clocks and calendars write 7."""
    return len(words) == 1 and len(words[0]) > 2 and words[0].isdigit() and words[0][0] == "0"


def _written_into(tokens: Sequence[Token], index: int) -> bool:
    """Whether a colon, a slash or a dot joins the token to digits before it."""
    token = tokens[index]
    return index > 0 and token.joined and token.number and tokens[index - 1].number and token.mark in (":", "/", ".")


def _ordinal(tokens: Sequence[Token], start: int, end: int) -> int | None:
    last = tokens[end - 1]
    if last.text in _ORDINAL_ENDINGS and end - start == 2 and tokens[start].text.isdigit():
        return int(tokens[start].text)
    if last.text not in ORDINALS:
        return None
    before = [token.text for token in tokens[start : end - 1]]
    if last.text in ORDINAL_SCALES:
        value = value_of([*before, last.text.removesuffix("th")])
        return int(value) if value is not None else None
    if not before:
        return ORDINALS[last.text]
    head = value_of(before)
    if head is None or head != int(head):
        return None
    room, least = (10, 20) if last.text in ORDINAL_UNITS else (100, 100)
    return int(head) + ORDINALS[last.text] if head % room == 0 and head >= least else None


def _decade(tokens: Sequence[Token], start: int, end: int) -> set[str]:
    """`1990s` for `nineteen nineties`; that and `90s` for `the nineties` and `90s`, `2020s` too for the twenties."""
    words = [token.text for token in tokens[start:end]]
    if words[-1] == "s":
        decade = f"{words[0]}s" if end - start == 2 and words[0].isdigit() else None
    else:
        head = digits_of(words[:-1]) if len(words) > 1 else ""
        decade = None if head is None else f"{head}{DECADES[words[-1]]}s"
        if words[-1] in CENTURIES and (head is None or len(head) != CENTURIES[words[-1]]):
            decade = None
    if decade is None:
        return set()
    short = len(decade) == 3 and decade[1] == "0"
    return {decade, f"19{decade}", *([f"20{decade}"] if decade < "40s" else [])} if short else {decade}
