"""Email and web addresses, written or spoken: `j.smith@mail.net` and `j dot smith at mail dot net`."""

import re
from collections.abc import Iterator, Sequence

from voicelab.metrics.matching.cardinals import digits_of
from voicelab.metrics.matching.codes import joined_readings
from voicelab.metrics.matching.folding import folded
from voicelab.metrics.matching.token import Token
from voicelab.metrics.matching.tokens import tokenize
from voicelab.metrics.matching.vocabulary import LETTER_NAMES, REPEATS

_DOMAINS = frozenset(
    """com org net edu gov mil int io co ai app dev info biz us uk ca de fr es it nl eu jp cn in au ch se no tv me gg
    xyz online store tech cloud br mx kr sg nz ie at be dk fi pl pt ru tr za""".split()
)
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PAGE = re.compile(r"(?:https?://)?(?:[\w-]+\.)+([a-z]{2,})(?:[/?:]\S*)?", re.IGNORECASE)
_LETTER_W = re.compile(r"\bdouble[ -]u\b", re.IGNORECASE)
_SCHEME = re.compile(r"^https?:?//|^www\.")
_SAID = {
    "dot": ".", "period": ".", "point": ".", "at": "@", "underscore": "_", "dash": "-", "hyphen": "-", "minus": "-",
    "slash": "/", "plus": "+", "colon": ":", "equals": "=", "tilde": "~",
}  # fmt: skip
_BEFORE_A_PLACE = frozenset(
    """in on up us me it out here there now online site website page store shop look find visit available found live is
    are was be more info information details account them""".split()
)
"""Words before an `at` that is a preposition: `log in at gmail dot com`. After other words it is the sign `@`."""
_SAID_IN_TWO = {("forward", "slash"): "/", ("question", "mark"): "?"}
_IN_WRITING = frozenset(".@_-/+:=?~")


def is_address(entity: str) -> bool:
    """Whether an entity is a written or spoken address."""
    plain = folded(entity).strip().rstrip(".,")
    page = _PAGE.fullmatch(plain)
    if _MAIL.fullmatch(plain) or (page and page[1].lower() in _DOMAINS):
        return True
    words = [token.text for token in tokenize(entity, spoken=False, whole=True)]
    dots = (at for at, word in enumerate(words[:-1]) if word in ("dot", "period", "point") and at)
    return any(words[at + 1] in _DOMAINS or "at" in words[:at] for at in dots)


def named(entity: str, text: str) -> bool:
    """Whether the text contains the whole address."""
    said = tokenize(_LETTER_W.sub("w", text), whole=True)
    return any(
        _is_whole(said, start, end)
        for wanted in _readings(tokenize(entity, spoken=False, whole=True))
        for start in range(len(said))
        for end in _ends(wanted, said, start, 0)
    )


def _readings(tokens: Sequence[Token]) -> set[str]:
    """The address in lower case without its scheme and `www`; a number word may be digits or a word."""
    found = joined_readings(tokens, lambda index: _at(tokens, index, first=index == 0))
    return {_without_scheme(reading) for reading in found} - {""}


def _without_scheme(address: str) -> str:
    while (shorter := _SCHEME.sub("", address)) != address:
        address = shorter
    return address


def _ends(wanted: str, text: Sequence[Token], index: int, done: int) -> Iterator[int]:
    """The possible ends in the text of wanted[done:] starting at `index`."""
    if done == len(wanted):
        yield index
        return
    if index < len(text):
        for said, count in _at(text, index, first=done == 0):
            if said and wanted.startswith(said, done):
                yield from _ends(wanted, text, index + count, done + len(said))


def _at(tokens: Sequence[Token], index: int, *, first: bool) -> Iterator[tuple[str, int]]:
    """The readings of the tokens from `index` on in an address, with their numbers of tokens."""
    token = tokens[index]
    marks = "" if first or not token.joined else "".join(sign for sign in token.mark if sign in _IN_WRITING)
    if token.text in _SAID:
        yield marks + _SAID[token.text], 1
    yield marks + token.text.replace(",", ""), 1
    following = tokens[index + 1].text if index + 1 < len(tokens) else ""
    if (token.text, following) in _SAID_IN_TWO:
        yield marks + _SAID_IN_TWO[token.text, following], 2
    if token.text in LETTER_NAMES:
        yield marks + LETTER_NAMES[token.text], 1
    if token.text in REPEATS and len(following) == 1:
        yield marks + following * REPEATS[token.text], 2
    for count in (1, 2, 3):
        spoken = [one.text for one in tokens[index : index + count] if not one.number]
        if len(spoken) == count and (digits := digits_of(spoken)) is not None:
            yield marks + digits, count


def _is_whole(text: Sequence[Token], start: int, end: int) -> bool:
    """Whether text[start:end] is not part of a longer address."""
    if start and not _is_scheme(text, start):
        before = text[start - 1]
        if before.text == "at" and start > 1 and _is_mailbox(text, start):
            return False
        if text[start].joined and set(text[start].mark) & _IN_WRITING:
            return False
        if before.text in _SAID and before.text not in ("at", "minus", "point", "period", "plus"):
            return False
        if not text[start].paused and text[start].spelled and before.spelled and before.text not in ("a", "i"):
            return False
    if end == len(text):
        return True
    after = text[end]
    if after.joined and set(after.mark) & _IN_WRITING:
        return False
    return not (after.text in ("dot", "slash", "underscore") and end + 1 < len(text) and not after.paused)


def _is_mailbox(text: Sequence[Token], start: int) -> bool:
    """Whether an `@` or `at` before the address makes it the host of an email address."""
    if text[start - 1].raw == "@":
        return True
    name = text[start - 2]
    return not text[start - 1].paused and name.text not in _BEFORE_A_PLACE


def _is_scheme(text: Sequence[Token], start: int) -> bool:
    """Whether the address follows `https://` or `www.`, written or spoken."""
    if text[start].joined and ("//" in text[start].mark or (text[start - 1].text == "www" and text[start].mark == ".")):
        return True
    words = [token.text for token in text[max(0, start - 4) : start]]
    spelled = words == ["w", "w", "w", "dot"] or words[-3:] == ["triple", "w", "dot"]
    return spelled or words[-2:] in (["www", "dot"], ["slash", "slash"])
