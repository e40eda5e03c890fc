"""Unifies British and American spelling, compounds and abbreviations, and removes hesitations."""

import re
from collections.abc import Sequence
from functools import cache

from voicelab.text.english.shorthand import growth_in_words, rates_in_words, ratings_in_words
from voicelab.text.english.vocabulary import (
    ABBREVIATIONS,
    COMPOUNDS,
    DOTTED_ABBREVIATIONS,
    HESITATIONS,
    HYPHEN_PREFIXES,
    JOINING_PREFIXES,
    VARIANTS,
)

_DOTTED = re.compile(rf"\b({'|'.join(DOTTED_ABBREVIATIONS)})\.(?=\s|$)", re.IGNORECASE)
_STREET = re.compile(r"(?P<name>\b[A-Z][a-z]{3,}\s)?\b[Ss]t\b\.?(?P<after>\s+[A-Za-z])?")
_HYPHENED = re.compile(rf"\b({'|'.join(HYPHEN_PREFIXES)})-(?=[a-z]{{2}})", re.IGNORECASE)
_WHERE = re.compile(r"\b(on|off)-(?=(?:line|sites?|shore|board|going|set|screen|camera)\b)", re.IGNORECASE)
_WORLD_WAR = re.compile(r"\b(World War) I\b", re.IGNORECASE)
_RE = re.compile(r"\bre-(?=e)", re.IGNORECASE)
_YES = re.compile(r"\b(?:(?<!\d )[mu]m[- ]?hm+|m-hm+|uh[- ]?huh)\b", re.IGNORECASE)
_MAY_BE_YES = re.compile(r"m hm|hhu|h hu|mmh", re.IGNORECASE)
_NO = re.compile(r"\b(?:uh-uh|nuh-uh)\b", re.IGNORECASE)
_SPACED_INITIALS = re.compile(r"(?<![\w.])([A-Za-z])\.\s(?=[A-Za-z]\.)")
_DOCTORATE = re.compile(r"\bPh\.? ?D\b\.?", re.IGNORECASE)
_SPACED = re.compile(r"\s+'(?=(?:s|t|re|ve|ll|d|m)\b)|\s+(?=n't\b)")


@cache
def _american() -> dict[str, str]:
    from whisper_normalizer.english import EnglishSpellingNormalizer

    return dict(EnglishSpellingNormalizer().mapping)


def american(word: str) -> str:
    """Return a word in American spelling, with variants and abbreviations expanded."""
    written = ABBREVIATIONS.get(word) or VARIANTS.get(word)
    return written if written is not None else _american().get(word, word)


def before_lowering(text: str) -> str:
    """Apply the rules that need capitals, full stops and hyphens: Sen., St., e-mail, uh-huh."""
    if "'" in text:
        text = _SPACED.sub(lambda found: found[0].strip(), text)
    if "." in text:
        text = _DOCTORATE.sub("phd", _SPACED_INITIALS.sub(r"\1.", text))
        text = _DOTTED.sub(lambda found: DOTTED_ABBREVIATIONS[found[1].lower()], text)
    text = ratings_in_words(growth_in_words(rates_in_words(text)))
    if "st" in text.lower():
        text = _STREET.sub(_street, text)
    if "-" in text or _MAY_BE_YES.search(text):
        text = _NO.sub("uhuh", _YES.sub("mhm", text))
        text = _HYPHENED.sub(r"\1", _WHERE.sub(r"\1", _RE.sub("re", text)))
    if " I" in text:
        text = _WORLD_WAR.sub(r"\1 1", text)
    return text


def _street(found: re.Match[str]) -> str:
    after = found["after"] or ""
    if found["name"] is not None:
        return f"{found['name']}street{after}"
    return f"saint{after}" if after else found[0]


def without_hesitations(words: Sequence[str]) -> list[str]:
    """Remove uh, um and similar words; keep `mm` after a number, where it is a unit."""
    return [
        word
        for index, word in enumerate(words)
        if word not in HESITATIONS or (word == "mm" and index and words[index - 1][-1:].isdecimal())
    ]


def with_compounds(words: Sequence[str]) -> list[str]:
    """Join compounds that are also written apart: watch list, non profit."""
    out: list[str] = []
    for word in words:
        if out and (joined := COMPOUNDS.get((out[-1], word))) is not None:
            out[-1] = joined
        elif out and out[-1] in JOINING_PREFIXES and word.isalpha():
            out[-1] += word
        else:
            out.append(word)
    return out
