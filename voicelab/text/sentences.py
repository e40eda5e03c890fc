"""Sentence and word boundaries."""

import re

CJK_CHARS = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"

_ABBREVIATIONS = r"(?<!\bInc)(?<!\bCo)(?<!\bCorp)(?<!\bLtd)(?<!\bMr)(?<!\bMs)(?<!\bDr)(?<!\bvs)(?<!\bU\.S)"
# A match starts at the first or second mark of a run and never backtracks, so time is linear in the length.
_SENTENCE_END = re.compile(_ABBREVIATIONS + r"(?<![.!?…]{2})[.!?…]++[\"')\]]*+\s++(?=[\"'(\[]?[A-Z0-9])|[。！？]\s*+")


def sentences(text: str) -> list[str]:
    """Split a text into sentences; only the spaces between them are dropped."""
    found, start = [], 0
    for end in _SENTENCE_END.finditer(text):
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


_WORD = re.compile(rf"[{CJK_CHARS}]|[^\s{CJK_CHARS}]+")


def words_within(text: str, share: float) -> str:
    """Return the start of a text up to the last complete word within this share (0 to 1) of its letters.

    Each Chinese, Japanese or Korean character is a word.
    """
    limit = share * len(text)
    ends = [word.end() for word in _WORD.finditer(text) if word.end() <= limit]
    return text[: ends[-1]] if ends else ""
