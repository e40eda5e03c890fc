"""Codes and tickers, letter by letter and digit by digit: `WZH-89B` and `w z h eight nine b`; and numbers of phones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from voicelab.metrics.matching.cardinals import digits_of
from voicelab.metrics.matching.tokens import Token, tokenize
from voicelab.metrics.matching.vocabulary import (
    ALPHABET,
    LETTER_NAMES,
    REPEATS,
    SPELLED_NUMBERS,
)

_SHORTEST_PHONE = 7
_LINKS = frozenset({"as", "for", "like"})
_SAID_MARKS = frozenset({"dash", "hyphen", "slash", "dot", "period", "underscore", "space", "point", "stroke"})
_WORDS_OF_ONE_LETTER = frozenset({"a", "i"})


def characters(text: str) -> str:
    """The letters and digits of a code, as capitals."""
    return "".join(token.text for token in tokenize(text, spoken=False)).upper()


def spells(code: str, text: Sequence[Token], *, by_letters: bool = False) -> bool:
    """Whether the text says the code, whole: nothing spelled right before it or after it belongs to it too.

    by_letters: only letter by letter, as names are spelled; else in groups too (`wzh eighty nine b`).
    """
    return any(
        _stands_alone(code, text, start, end) and not (by_letters and end - start < len(code))
        for start in range(len(text))
        for end in _ends(code.lower(), text, start, 0)
    )


def _ends(code: str, text: Sequence[Token], place: int, done: int) -> Iterator[int]:
    """Where in the text code[done:] can end when it begins at `place`."""
    if done == len(code):
        yield place
        return
    if place >= len(text):
        return
    if done and text[place].text in _SAID_MARKS:
        yield from _ends(code, text, place + 1, done)
    for said, count in _said(text, place):
        if said and code.startswith(said, done):
            yield from _ends(code, text, _after_explanation(said, text, place + count), done + len(said))


def _said(text: Sequence[Token], place: int) -> Iterator[tuple[str, int]]:
    """What the tokens from `place` on may stand for, and how many they are."""
    token = text[place]
    word = token.text
    if word.isalnum():
        yield word, 1
    if word == "oh":
        yield "o", 1
    if word in LETTER_NAMES or word in ALPHABET:
        yield (LETTER_NAMES.get(word) or ALPHABET[word]), 1
    following = text[place + 1].text if place + 1 < len(text) else ""
    if word == "double" and following in ("u", "you"):
        yield "w", 2
    if word in REPEATS and len(following) == 1:
        yield following * REPEATS[word], 2
    for count in (1, 2):
        words = [one.text for one in text[place : place + count]]
        if len(words) == count and (count == 1 or not text[place].number):
            digits = digits_of(words)
            if digits is not None and not token.number:
                yield digits, count


def _after_explanation(letter: str, text: Sequence[Token], place: int) -> int:
    """Past `as in whiskey`, `for whiskey`, which explain a letter."""
    if len(letter) == 1 and place < len(text) and text[place].text in _LINKS:
        word = place + 1 + (place + 1 < len(text) and text[place + 1].text == "in")
        if word < len(text) and text[word].text.startswith(letter) and len(text[word].text) > 1:
            return word + 1
    return place


def _stands_alone(code: str, text: Sequence[Token], start: int, end: int) -> bool:
    before, after = text[start - 1] if start else None, text[end] if end < len(text) else None
    counts = any(character.isdigit() for character in code)
    return not (_carries_on(before, code[0].isdigit(), text[start]) or _carries_on(after, counts, after))


def _carries_on(neighbour: Token | None, digits: bool, later: Token | None) -> bool:
    """Whether a neighbour would be read as part of the code: a letter, or where digits fit in, a number."""
    if neighbour is None or later is None:
        return False
    if later.joined and later.mark in ("", "-"):
        return True
    if later.paused:
        return False
    if neighbour.number or neighbour.text in SPELLED_NUMBERS or neighbour.text == "double":
        return digits
    return neighbour.spelled and neighbour.text not in _WORDS_OF_ONE_LETTER


def is_phone(digits: str) -> bool:
    return len(digits) >= _SHORTEST_PHONE


def says_digits(digits: str, text: Sequence[Token]) -> bool:
    """Whether a text says a long digit string, in whatever groups; a country code before it may be more or less."""
    wanted = {digits, digits.removeprefix("1")} if len(digits) == 11 else {digits, f"1{digits}"}
    return any(spelled in wanted for spelled in _digit_strings(text))


def _digit_strings(text: Sequence[Token]) -> Iterator[str]:
    """Each longest stretch of digits, pauses and hyphens between them or not."""
    words: list[str] = []
    for token in (*text, None):
        said = token is not None and (token.text.replace(".", "").isdigit() or _is_digit_word(token.text))
        if token is not None and said:
            words += [token.text] if not token.number else token.text.split(".")
            continue
        if words:
            yield digits_of(words) or ""
        words = []


def _is_digit_word(word: str) -> bool:
    return word in REPEATS or word == "thousand" or digits_of([word]) is not None or word == "hundred"
