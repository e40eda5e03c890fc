"""Codes and tickers, written or spelled out: `WZH-89B` and `w z h eight nine b`; and phone numbers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from operator import or_

from voicelab.metrics.matching.cardinals import digits_of, value_of
from voicelab.metrics.matching.spelling import ends_in_a_pronoun, is_letter_after, is_letter_before
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.vocabulary import ALPHABET, LETTER_NAMES, REPEATS, SCALES, SPELLED_NUMBERS, TENS

_SHORTEST_PHONE = 7
_LINKS = frozenset({"as", "for", "like"})
_SAID_MARKS = frozenset("dash hyphen minus slash dot period underscore space point stroke".split())
_ASIDES = frozenset("capital uppercase upper lowercase lower case letter number digit the then and comma".split())
"""Words that may occur between the letters of a code without being part of it."""
_BETWEEN_DIGITS = frozenset("dash hyphen dot space".split())
_MOST_READINGS = 64


def readings(tokens: Sequence[Token]) -> set[str]:
    """The codes of an entity: its written form and, if it is spelled out, the spelled code."""
    written = "".join(_point(tokens, index) + token.text for index, token in enumerate(tokens))
    spelled = _spelled(tokens) if is_spelled(tokens) else set()
    one_word = all(token.joined for token in tokens[1:])
    if one_word and any(token.raw == "OH" for token in tokens):
        return {written}  # the `OH` of `N6OH` and `R5-OH` is two letters
    return spelled | {written} if one_word or not spelled else spelled


def _point(tokens: Sequence[Token], index: int) -> str:
    """The point of a version, before the 1 of `v2.5.1`."""
    token = tokens[index]
    return "." if token.number and token.joined and token.mark == "." else ""


def is_dotted(tokens: Sequence[Token]) -> bool:
    """Whether an entity is a dotted number, such as `10.0.0.1` and `2.5.1`."""
    dotted = all(token.joined and token.mark in ("", ".") for token in tokens[1:])
    return len(tokens) > 1 and dotted and all(token.number for token in tokens)


def is_spelled(tokens: Sequence[Token]) -> bool:
    """Whether an entity is a spelled-out code: `m nine m six f j`, `oscar zulu four`."""
    if _is_scaled(tokens):
        return False
    said = [
        token
        for index, token in enumerate(tokens)
        if not _is_aside(token) and not (index and _is_x_ray(tokens, index - 1))
    ]
    letters = [token.spelled or token.text in ALPHABET or token.text in LETTER_NAMES for token in said]
    counted = [token.number or token.text in SPELLED_NUMBERS or token.text in REPEATS for token in said]
    return len(said) > 2 and any(letters) and any(counted) and all(map(or_, letters, counted))


def _is_scaled(tokens: Sequence[Token]) -> bool:
    """Whether the only letter is the article of `a hundred and ten`, or the unit of `one point five x`."""
    letters = [index for index, token in enumerate(tokens) if token.spelled]
    article = letters == [0] and tokens[0].text == "a" and len(tokens) > 1 and tokens[1].text in SCALES
    return article or (letters == [len(tokens) - 1] and "point" in [token.text for token in tokens])


def _is_aside(token: Token) -> bool:
    return token.text in _ASIDES or token.text in _SAID_MARKS


def _spelled(tokens: Sequence[Token]) -> set[str]:
    return joined_readings(tokens, lambda index: [("", 1)] if _is_aside(tokens[index]) else _letters_at(tokens, index))


def joined_readings(tokens: Sequence[Token], at: Callable[[int], Iterable[tuple[str, int]]]) -> set[str]:
    """Every reading of all tokens as one text; none if there are too many.

    at: the readings of the tokens from an index on, with their numbers of tokens.
    """
    partial: dict[int, set[str]] = {0: {""}}
    for index in range(len(tokens)):
        for said, count in at(index):
            into = partial.setdefault(index + count, set())
            into |= {start + said for start in partial.get(index, ())}
            if len(into) > _MOST_READINGS:
                return set()
    return partial.get(len(tokens), set())


def _letters_at(tokens: Sequence[Token], index: int) -> Iterator[tuple[str, int]]:
    """The readings of a word in a spelled code; `eighty nine` is 89 and not 809."""
    token = tokens[index]
    ways = [way for way in _said(tokens, index) if token.number or way[0] != token.text or len(way[0]) == 1]
    two = token.text in TENS and any(said.isdigit() and count == 2 for said, count in ways)
    yield from (way for way in ways if not (two and way[1] == 1 and way[0].isdigit()))


def spells_any(
    codes: Collection[str], text: Sequence[Token], *, by_letters: bool = False, article: bool = False
) -> bool:
    """Whether the text contains one of the readings of a code; digits go on with all of them if one has digits."""
    digits = any(character.isdigit() for code in codes for character in code)
    return any(spells(code, text, by_letters=by_letters, article=article, digits=digits) for code in codes)


def spells(
    code: str, text: Sequence[Token], *, by_letters: bool = False, article: bool = False, digits: bool | None = None
) -> bool:
    """Whether the text contains the code completely, without adjacent spelled letters or digits.

    by_letters: only letter by letter, as names are spelled; else also in groups (`wzh eighty nine b`). article: an `a`
    before it may be an article. digits: whether an adjacent number belongs to the code; by default, if it has digits.
    """
    numeric = any(character.isdigit() for character in code) if digits is None else digits
    return any(
        _stands_alone(code, text, start, end, article=article, digits=numeric)
        and not (by_letters and end - start < len(code))
        for start in range(len(text))
        for end in _ends(code.lower(), text, start, 0)
    )


def _ends(code: str, text: Sequence[Token], index: int, done: int) -> Iterator[int]:
    """The possible ends in the text of code[done:] starting at `index`."""
    if done == len(code):
        yield index
        return
    if index >= len(text):
        return
    if code[done] == "." and text[index].text in ("point", "dot"):
        yield from _ends(code, text, index + 1, done + 1)
    if done and _is_aside(text[index]):
        yield from _ends(code, text, index + 1, done)
    for said, count in _said(text, index):
        if said and code.startswith(said, done):
            yield from _ends(code, text, _after_explanation(said, text, index + count), done + len(said))
    if done and (point := _point(text, index)) and code.startswith(point + text[index].text, done):
        yield from _ends(code, text, index + 1, done + len(point + text[index].text))


def _said(text: Sequence[Token], index: int) -> Iterator[tuple[str, int]]:
    """The readings of the tokens from `index` on, with their numbers of tokens."""
    token = text[index]
    word = token.text
    if word.isalnum() or token.number:
        yield word, 1
    if word in ("oh", "version"):
        yield word[0], 1
    if word in LETTER_NAMES or word in ALPHABET:
        yield (LETTER_NAMES.get(word) or ALPHABET[word]), 1
    following = text[index + 1].text if index + 1 < len(text) else ""
    if word == "double" and following in ("u", "you"):
        yield "w", 2
    if _is_x_ray(text, index):
        yield "x", 2
    if word in REPEATS and len(following) == 1:
        yield following * REPEATS[word], 2
    for count in () if token.number else (1, 2):
        words = [one.text for one in text[index : index + count]]
        if len(words) == count and (digits := digits_of(words)) is not None:
            yield digits, count


def _is_x_ray(text: Sequence[Token], index: int) -> bool:
    """`x-ray` and `x ray`, which are two tokens."""
    return [token.text for token in text[index : index + 2]] == ["x", "ray"]


def _after_explanation(letter: str, text: Sequence[Token], index: int) -> int:
    """The index after `as in whiskey` or `for whiskey`, which explain a letter."""
    if len(letter) == 1 and index < len(text) and text[index].text in _LINKS:
        word = index + 1 + (index + 1 < len(text) and text[index + 1].text == "in")
        if word + 1 < len(text) and _is_x_ray(text, word):
            return word + 2
        if word < len(text) and text[word].text.startswith(letter) and len(text[word].text) > 1:
            return word + 1
    return index


def _stands_alone(code: str, text: Sequence[Token], start: int, end: int, *, article: bool, digits: bool) -> bool:
    radio = any(token.text in ALPHABET for token in text[start:end])
    if start and _is_written_into(text[start]):
        return False
    # If there are pauses between the letters, a pause does not end the code.
    slow = any(token.paused for token in text[start + 1 : end])
    if start and (slow or not text[start].paused):
        before = text[start - 1]
        if _carries_on(before, code[0].isdigit(), radio=radio) or is_letter_before(text, start, article=article):
            return False
    if end == len(text):
        return True
    if "." in code and text[end].text in ("point", "dot"):
        return False
    if _is_written_into(text[end]):
        return False
    if ends_in_a_pronoun(text, start, end):
        return False
    carried = _carries_on(text[end], digits, radio=radio) or is_letter_after(text, end)
    return (text[end].paused and not slow) or not carried


def _is_written_into(token: Token) -> bool:
    """Whether a token is joined to the previous one, directly or by a hyphen."""
    return token.joined and (token.mark in ("", "-") or (token.number and token.mark == "."))


def _carries_on(neighbour: Token, digits: bool, *, radio: bool) -> bool:
    """Whether an adjacent token reads as part of the code: a radio word, or a number if digits fit."""
    if neighbour.number or neighbour.text in SPELLED_NUMBERS or neighbour.text == "double":
        return digits
    return radio and neighbour.text in ALPHABET


def phone_digits(tokens: Sequence[Token]) -> str:
    """The digits of an entity that consists of many digits in any grouping; "" for others."""
    words = [token.text for token in tokens]
    if not set(words).isdisjoint(SCALES) and value_of(words) is not None:
        return ""  # `four thousand five hundred` is 4500
    strings = list(_digit_strings([token for token in tokens if token.text != "plus"]))
    around = ("plus", *_BETWEEN_DIGITS)
    whole = all(_is_digits(tokens, index) or token.text in around for index, token in enumerate(tokens))
    return strings[0] if strings and whole and len(strings[0]) >= _SHORTEST_PHONE else ""


def says_digits(digits: str, text: Sequence[Token]) -> bool:
    """Whether a text contains a long digit string in any grouping; either side may lack the country code."""
    digits = digits.removeprefix("00") if len(digits) > _SHORTEST_PHONE + 2 else digits
    wanted = {digits, digits.removeprefix("1")} if len(digits) == 11 else {digits, f"1{digits}"}
    return any(spelled in wanted or spelled.removeprefix("00") in wanted for spelled in _digit_strings(text))


def _digit_strings(text: Sequence[Token]) -> Iterator[str]:
    """The maximal sequences of digits, with or without pauses and hyphens between them."""
    words: list[str] = []
    for index, token in enumerate(text):
        if _is_digits(text, index):
            words += token.text.split(".") if token.number else [token.text]
        elif words and token.text not in _BETWEEN_DIGITS:
            yield from _read(words)
            words = []
    yield from _read(words)


def _read(words: Sequence[str]) -> Iterator[str]:
    """Spoken digits: `twenty seven` as 27, and also as 20 and 7 if that is possible."""
    if words:
        yield digits_of(words) or ""
        apart = [digits_of([word]) for word in words]
        if None not in apart:
            yield "".join(one or "" for one in apart)


def _is_digits(tokens: Sequence[Token], index: int) -> bool:
    """Whether a token can be part of a digit string: not negative or decimal, except `415.555` of `415.555.1212`."""
    token = tokens[index]
    if not token.number:
        return token.text in REPEATS or token.text in ("hundred", "thousand") or digits_of([token.text]) is not None
    after = tokens[index + 1] if index + 1 < len(tokens) else None
    dotted = (after is not None and after.number and after.joined and after.mark == ".") or token.mark == "."
    return not token.negative and (token.text.isdigit() or dotted)
