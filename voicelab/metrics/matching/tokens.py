"""Split a text into words and numbers, folded to one spelling: no case, accents or possessives."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace

from voicelab.metrics.matching.folding import folded
from voicelab.metrics.matching.fractions import with_fractions
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.units import AFTER_NUMBER, written_out
from voicelab.metrics.matching.vocabulary import (
    ABBREVIATIONS,
    CURRENCY_SIGNS,
    FILLERS,
    SEPARATOR_WORDS,
    SIGNS_BEFORE,
    SPELLED_NUMBERS,
)

_MARKS = "".join(
    chr(code) for code in (*range(0x300, 0x1B00), *range(0x1CD0, 0x1E00), *range(0xA800, 0xAC00))
    if unicodedata.category(chr(code)) in ("Mn", "Mc")
)  # fmt: skip
"""Combining marks, which belong to the previous letter: vowel signs of Hindi, Bengali, Tamil, ..."""
_PIECE = re.compile(
    rf"""
    (?P<initials>(?<![^\W_])(?:[^\W\d_]\.){{2,}}(?:[^\W\d_](?![^\W_]))?)
    | (?P<number>\d{{1,3}}(?:,\d{{3}})+(?:\.\d+)?(?!\d) | \d{{1,2}}(?:,\d{{2}})+,\d{{3}}(?:\.\d+)?(?!\d|,\d)
               | \d+(?:\.\d+)? | (?<!\d)\.\d+)
    | (?P<word>(?:[^\W\d_][{_MARKS}]*)+(?:'(?:[^\W\d_][{_MARKS}]*)+)*'?)
    | (?P<mark>\S)
    """,
    re.VERBOSE,
)
_MINUS = re.compile(rf"(?<!-)-[{SIGNS_BEFORE}]?$|(?<![^(])[{SIGNS_BEFORE}]-$")
_POSITIVE = re.compile(rf"(?<!\S)[+][{SIGNS_BEFORE}]?\.?\d")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|'")
_PAUSES = frozenset(',.;:?!()[]"|…')
_SAID = {"&": "and", "%": "percent", "@": "at", "+": "plus", "°": "degrees", "#": "number"}


def tokenize(text: str, *, spoken: bool = True, whole: bool = False) -> tuple[Token, ...]:
    """The words and numbers of a text. spoken: leave out `uh` and `um`. whole: keep every `dash` and `slash`."""
    tokens: list[Token] = []
    marks, end, gap, paused = "", 0, True, False
    source = folded(text) if whole else written_out(folded(text))
    for piece in _PIECE.finditer(source):
        spaced = piece.start() > end
        end, gap = piece.end(), gap or spaced
        if spaced:
            # Of marks followed by a space, only a currency sign belongs to the next token.
            marks = "".join(sign for sign in marks if sign in CURRENCY_SIGNS)
        behind = not gap and tokens and tokens[-1].number and not source[end : end + 1].isdigit()
        if behind and piece[0] in CURRENCY_SIGNS:
            named = CURRENCY_SIGNS[piece[0]]
            tokens.append(Token(named, frozenset({named}), piece[0], False, "", True, False))
            continue
        if piece["mark"] and (piece[0] not in _SAID or _POSITIVE.match(source, piece.start())):
            paused = paused or piece[0] in _PAUSES
            marks += piece[0]
            continue
        made = _token(piece, marks, not gap, paused)
        if made.text == "x" and made.joined and tokens and tokens[-1].number:
            made = replace(made, forms=made.forms | {"times"})
        if made.text in AFTER_NUMBER and tokens and _countable(tokens[-1]):
            made = replace(made, forms=made.forms | set(AFTER_NUMBER[made.text].split()))
        if piece[0] in "#+" and made.joined and tokens and (tokens[-1].spelled or tokens[-1].raw == "+"):
            named = "sharp" if piece[0] == "#" else "plus"  # `C#` and `C++` are not `C`
            made = replace(made, text=named, forms=frozenset({named}), optional=False)
        marks = ""
        alone = gap and not re.match(r"[\w-]", source[end : end + 1])
        measured = made.text in AFTER_NUMBER and tokens and tokens[-1].number
        initials = made.raw.isupper() and not source.isupper()  # `MHM` in a sentence is not `mhm`
        if not (spoken and alone and made.text in FILLERS and not initials) or measured:
            tokens.append(made)
            gap, paused = False, False
    return tuple(tokens) if whole else with_fractions(_without_separators(tokens))


def _token(piece: re.Match[str], mark: str, joined: bool, paused: bool) -> Token:
    raw = piece[0]
    if piece["number"]:
        digits = raw.replace(",", "")
        negative = not joined and _MINUS.search(mark) is not None
        return Token(digits, frozenset({digits}), raw, True, mark, joined, paused, negative=negative)
    if piece["mark"]:
        said = _SAID[raw]
        forms = {said, "hashtag", "hash"} if raw == "#" else {said}
        return Token(said, frozenset(forms), raw, False, mark, joined, paused, optional=raw in "&@+#")
    lowered = raw.lower()
    whole = re.sub(r"[.']", "", lowered)
    base = lowered.removesuffix("'s").removesuffix("'")
    text = re.sub(r"[.']", "", base) or whole
    forms = {text, whole, *ABBREVIATIONS.get(text, ())}
    return Token(text, frozenset(forms), raw, False, mark, joined, paused)


def _without_separators(tokens: list[Token]) -> list[Token]:
    """Drop spoken separators between numbers or letters: `five five five dash one two`."""
    kept = []
    for index, token in enumerate(tokens):
        around = (tokens[index - 1] if index else None, tokens[index + 1] if index + 1 < len(tokens) else None)
        if token.text in SEPARATOR_WORDS and all(one is not None and _countable(one) for one in around):
            continue
        kept.append(token)
    return kept


def _countable(token: Token) -> bool:
    return token.number or token.spelled or token.text in SPELLED_NUMBERS


def with_scores_apart(tokens: Sequence[Token]) -> tuple[Token, ...]:
    """Separate the two numbers of `9-5`, which do not match a single number such as 95. `9-1-1` stays one number."""
    apart = list(tokens)
    for index in range(1, len(tokens)):
        if _is_score(tokens, index) and not _is_digit_after_hyphen(tokens, index - 1):
            apart[index] = replace(tokens[index], paused=True)
    return tuple(apart)


def _is_score(tokens: Sequence[Token], index: int) -> bool:
    alone = index + 1 == len(tokens) or not _is_digit_after_hyphen(tokens, index + 1)
    return alone and len(tokens[index - 1].text) == 1 and _is_digit_after_hyphen(tokens, index)


def _is_digit_after_hyphen(tokens: Sequence[Token], index: int) -> bool:
    token = tokens[index]
    if index == 0 or not (token.number and token.joined and token.mark == "-" and len(token.text) == 1):
        return False
    return tokens[index - 1].number


def pieces_of_camel_case(token: Token) -> tuple[str, ...]:
    """The parts of a word at capitals and apostrophes: `iPhone` may be `i phone`, `O'Connor` may be `o connor`."""
    return tuple(part.lower() for part in _CAMEL.split(token.raw))


def currency_sign(token: Token) -> str | None:
    """The currency of a sign right before the token."""
    return next((CURRENCY_SIGNS[sign] for sign in token.mark if sign in CURRENCY_SIGNS), None)
