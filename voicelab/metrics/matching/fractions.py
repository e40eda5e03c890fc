"""Combine fractions in words and digits to one token: `three quarters`, `two thirds`, `half a`, `1/2`."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import ORDINAL_TEENS, ORDINAL_UNITS, SCALES, TEENS, TENS, UNITS

_PARTS = {
    **{word: value for word, value in (ORDINAL_UNITS | ORDINAL_TEENS).items() if value > 2},
    "half": 2, "quarter": 4, "sixteenth": 16, "twentieth": 20,
}  # fmt: skip
_MANY = {"halves": 2, "halfs": 2, "hundredths": 100, "thousandths": 1000}
_SMALL_PARTS = {"hundredth": 100, "thousandth": 1000}
_MANY |= {f"{word}s": value for word, value in _PARTS.items()}
_PERCENT = ("percent", "percentage", "pct", "point", "basis", "bps")
_COUNTING = frozenset({*UNITS, *TEENS, *TENS, *SCALES})
_OF = frozenset({*_PERCENT, *SCALES})


def with_fractions(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """The tokens with each fraction as one token of digits, without `of a` between it and its unit.

    `a third`, `a half` and `a quarter` alone stay words, because they may be the third, a halftime, or three months.
    """
    kept: list[Token] = []
    index = 0
    while index < len(tokens):
        value, end = _fraction(tokens, index, kept)
        if value is None:
            kept.append(tokens[index])
            index += 1
            continue
        digits = _as_digits(value)
        kept.append(replace(tokens[index], text=digits, forms=frozenset({digits}), number=True))
        index = end
    return tuple(kept)


def names_one_part(fraction: Sequence[Token], text: Sequence[Token]) -> bool:
    """Whether the text has `half` or `quarter` for the entity 1/2 or 1/4."""
    if len(fraction) != 2 or fraction[0].text != "1":
        return False
    word = {"2": "half", "4": "quarter"}.get(fraction[1].text)
    part = word or next((word for word, value in _PARTS.items() if str(value) == fraction[1].text), None)
    for index, token in enumerate(text):
        before = [one.text for one in text[max(0, index - 2) : index]]
        article = before[-1:] in (["a"], ["an"])
        if token.text == part and (word or article) and before[-1 - article :][:1] not in (["minus"], ["negative"]):
            return True
    return False


def is_one_part(entity: Sequence[Token], text: Sequence[Token]) -> bool:
    """Whether the text has 1/2 for the entity `half` or `a half`, 1/3 for `a third`, ..."""
    words = [token.text for token in entity if token.text != "a"]
    if len(words) != 1 or words[0] not in _PARTS or not len(entity) > (words[0] not in ("half", "quarter")):
        return False
    part = str(_PARTS[words[0]])
    return any(one.text == "1" and other.mark == "/" and other.text == part for one, other in pairwise(text))


def _fraction(tokens: Sequence[Token], index: int, before: Sequence[Token]) -> tuple[Fraction | None, int]:
    """The fraction at `index`, and its end including `of a`."""
    words = [token.text for token in tokens[index : index + 2]]
    if len(words) < 2 or tokens[index + 1].paused:
        return None, index
    top = UNITS.get(words[0], TEENS.get(words[0]))
    top = int(words[0]) if top is None and words[0].isdigit() and len(words[0]) < 3 else top
    after_whole = len(before) > 1 and before[-1].text == "and" and _counts(before[-2])
    end, of = _past_of(tokens, index + 2)
    if top is not None and top > 1 and words[1] in _MANY:
        return Fraction(top, _MANY[words[1]]), end if of else _past_article(tokens, index + 2)
    if words[1] in _PARTS:
        if top == 1 and not (before and _counts(before[-1])):
            return Fraction(1, _PARTS[words[1]]), end
        halves = words[1] in ("half", "quarter")
        if words[0] in ("a", "an") and (after_whole or (of and (halves or tokens[end].text != "point"))):
            return Fraction(1, _PARTS[words[1]]), end
    if words[1] in ("quarter", "half") and top is not None and 1 < top < 4 and of:
        return Fraction(top, _PARTS[words[1]]), end
    if words[1] in _SMALL_PARTS and words[0] in ("a", "one", "1") and _is_of(tokens, index + 2, before):
        return Fraction(1, _SMALL_PARTS[words[1]]), end
    if words[0] in ("half", "quarter") and words[1] in ("a", "of", *_PERCENT):
        end, of = _past_of(tokens, index + 1)
        if of and tokens[end].text not in SCALES:
            return Fraction(1, _PARTS[words[0]]), end
    return None, index


def _is_of(tokens: Sequence[Token], index: int, before: Sequence[Token]) -> bool:
    """Whether `of` follows without a `the` before, because `one hundredth` alone may be an ordinal."""
    ordinal = bool(before) and (before[-1].text == "the" or _counts(before[-1]))
    return not ordinal and index < len(tokens) and tokens[index].text == "of"


def _past_of(tokens: Sequence[Token], index: int) -> tuple[int, bool]:
    """The index after `of a`, `of one` or `a` if a unit follows, and whether one does."""
    at = index
    if at < len(tokens) and tokens[at].text == "of":
        at += 1
    if at < len(tokens) and tokens[at].text in ("a", "one", "1"):
        at += 1
    unit = at < len(tokens) and tokens[at].text in _OF and not tokens[at].paused
    per_cent = [token.text for token in tokens[at : at + 2]] == ["per", "cent"]
    return (at, True) if unit or per_cent else (index, False)


def _past_article(tokens: Sequence[Token], index: int) -> int:
    """The index after `of a`, as in `two thirds of a cup`, written `2/3 cup`."""
    words = [token.text for token in tokens[index : index + 3]]
    return index + 2 if words[:2] in (["of", "a"], ["of", "an"]) and len(words) == 3 else index


def _counts(token: Token) -> bool:
    return token.number or token.text in _COUNTING


def _as_digits(value: Fraction) -> str:
    """The value to twelve decimal places, so that all spellings of a third have the same digits."""
    return f"{value.numerator / value.denominator:.12f}".rstrip("0")
