"""Named text normalizers, and where sentences and words end.

A score is only comparable with another under the same normalizer, so each has a name and a version, and both stand in
every result.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from voicelab.english import fast_english
from voicelab.errors import InputError

COMPOUNDS = {"watch list": "watchlist", "watch lists": "watchlists"}
"""Words that are written as one or as two; `english` writes them as one."""


@dataclass(frozen=True, slots=True)
class Normalizer:
    """A rule that brings a reference and a hypothesis to one spelling; `words` cuts the outcome into words."""

    name: str
    version: str
    apply: Callable[[str], str]

    def words(self, text: str) -> list[str]:
        return self.apply(text).split()


def _none(text: str) -> str:
    return text


def _basic(text: str) -> str:
    """Case, punctuation and spaces: NFKC, lower case, apostrophes dropped, other marks and symbols to spaces."""
    folded = unicodedata.normalize("NFKC", text).lower().replace("'", "").replace("’", "")
    kept = "".join(" " if unicodedata.category(char)[0] in "PSCZ" else char for char in folded)
    return " ".join(kept.split())


_COMPOUND = re.compile(rf"\b({'|'.join(sorted(COMPOUNDS, key=len, reverse=True))})\b")


def _english(text: str) -> str:
    """The normalizer of Whisper (Radford et al. 2022, appendix C), then the compounds of COMPOUNDS as one word.

    Whisper's rules leave `watchlist` and `watch list` as they are; the two are one word said in one way, so after those
    rules each compound in the table is joined, in the reference and in the hypothesis alike.
    """
    normalized = fast_english()(text)
    return _COMPOUND.sub(lambda found: COMPOUNDS[found[0]], normalized) if "watch" in normalized else normalized


_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _sclite(text: str) -> str:
    """What NIST sclite does before it compares: the capitals A to Z become small, and no others."""
    return text.translate(_CAPITALS)


_CJK_CHARS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
_CJK = re.compile(f"([{_CJK_CHARS}])")


def _cjk(text: str) -> str:
    """As `basic`, with every Chinese, Japanese or Korean character a word of its own."""
    return " ".join(_CJK.sub(r" \1 ", _basic(text)).split())


NORMALIZERS = {
    "none": Normalizer("none", "1", _none),
    "basic": Normalizer("basic", "1", _basic),
    "english": Normalizer("english", "1", _english),
    "cjk": Normalizer("cjk", "1", _cjk),
    "sclite": Normalizer("sclite", "1", _sclite),
}


def normalizer(name: str) -> Normalizer:
    """The normalizer of that name; InputError lists the known ones."""
    if name not in NORMALIZERS:
        raise InputError(f"unknown normalizer {name!r}; known: {', '.join(NORMALIZERS)}")
    return NORMALIZERS[name]


_ABBREVIATIONS = r"(?<!\bInc)(?<!\bCo)(?<!\bCorp)(?<!\bLtd)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bvs)(?<!\bU\.S)"
_SENTENCE_END = re.compile(_ABBREVIATIONS + r"[.!?…]+[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])|[。！？]\s*")


def sentences(text: str) -> list[str]:
    """The sentences of a text, in order; nothing is lost but the spaces between them."""
    found, start = [], 0
    for end in _SENTENCE_END.finditer(text):
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


_WORD = re.compile(rf"[{_CJK_CHARS}]|[^\s{_CJK_CHARS}]+")


def words_within(text: str, share: float) -> str:
    """The beginning of a text that ends with the last whole word within this share (0 to 1) of its letters.

    A Chinese, Japanese or Korean character is a word of its own.
    """
    limit = share * len(text)
    ends = [word.end() for word in _WORD.finditer(text) if word.end() <= limit]
    return text[: ends[-1]] if ends else ""
