"""The Whisper normalizer for English, made fast where a text has little to rewrite; the outcome is the same, character
for character.

Most words of most texts are changed by no rule that looks at their neighbours. Such a word is normalized once and
remembered; only the runs of other words between them (numbers, currencies, fillers, symbols) go through the whole set
of rules, with a plain word on either side where the text has one. tests/test_english.py holds it against the package.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from enum import Enum
from functools import cache
from itertools import groupby

_REMEMBERED = 200_000
"""Words and runs kept at most; beyond that the memory starts anew."""
_NEIGHBOUR = "zqx"
"""A word that no rule touches, to stand for any plain neighbour."""
_BARE_WORD = re.compile(r'"?([A-Za-z]+)[,.?!;:]?"?')
_CONTRACTION = re.compile(r'"?[a-z]+(?:\'[a-z]+)+[,?!;:]?"?')
_LETTERS = re.compile(r"[a-z]+(?: [a-z]+)*")
_BRACKETS = re.compile(r"[<>\[\]()]")
_JOINED_BY_RULES = ("been", "gone", "done", "got")
"""Words that `'s` and `'d` before them depend on."""
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th", "s"})
"""Words that a number before them takes as its ending."""


class _Kind(Enum):
    RUN = "its outcome depends on words beside it that are not plain"
    WHOLE = "its outcome may depend on any word of the text"


class FastEnglish:
    """whisper_normalizer's EnglishTextNormalizer, from a text to its normalized form."""

    def __init__(self) -> None:
        from whisper_normalizer.english import EnglishTextNormalizer

        rules = EnglishTextNormalizer()
        self._rules: Callable[[str], str] = rules
        self._spellings: dict[str, str] = rules.standardize_spellings.mapping
        self._number_words: frozenset[str] = frozenset(rules.standardize_numbers.words)
        self._fillers: re.Pattern[str] = re.compile(rules.ignore_patterns)
        alone = (pattern.removeprefix(r"\b").removesuffix(r"\b") for pattern in rules.replacers)
        self._replaced = frozenset(word for word in alone if word.isalpha())
        self._words: dict[str, str | _Kind] = {}
        self._runs: dict[tuple[str, bool, bool], str] = {}

    def __call__(self, text: str) -> str:
        tokens = text.split()
        known = self._words
        try:
            parts = [known[token] for token in tokens]
        except KeyError:
            parts = [self._classified(token) for token in tokens]
        if _Kind.WHOLE in parts:
            return self._rules(text)
        if _Kind.RUN in parts:
            return self._by_runs(text, tokens, parts)
        return " ".join(parts)  # type: ignore[arg-type]  # only plain words are left

    def _by_runs(self, text: str, tokens: list[str], parts: list[str | _Kind]) -> str:
        pieces: list[str] = []
        edges = (" " if text[0].isspace() else "", " " if text[-1].isspace() else "")
        groups = [(plain, list(members)) for plain, members in groupby(zip(tokens, parts, strict=True), _is_plain)]
        for number, (plain, members) in enumerate(groups):
            if plain:
                pieces.append(" ".join(part for _, part in members))  # type: ignore[misc]  # as above
            else:
                run = " ".join(token for token, _ in members)
                run = (edges[0] if number == 0 else "") + run + (edges[1] if number == len(groups) - 1 else "")
                pieces.append(self._run(run, number > 0, number < len(groups) - 1))
        return "".join(pieces)

    def _run(self, run: str, after_word: bool, before_word: bool) -> str:
        """What stands between two plain words, or the text's edges, its spaces included."""
        key = (run, after_word, before_word)
        if key not in self._runs:
            if len(self._runs) >= _REMEMBERED:
                self._runs.clear()
            left = f"{_NEIGHBOUR} " if after_word else ""
            right = f" {_NEIGHBOUR}" if before_word else ""
            whole = self._rules(left + run + right)
            self._runs[key] = whole[len(left.strip()) : len(whole) - len(right.strip())]
        return self._runs[key]

    def _classified(self, token: str) -> str | _Kind:
        kind = self._words.get(token)
        if kind is None:
            if len(self._words) >= _REMEMBERED:
                self._words.clear()
            kind = self._words[token] = self._classify(token)
        return kind

    def _classify(self, token: str) -> str | _Kind:
        lowered = token.lower()
        bare = _BARE_WORD.fullmatch(lowered)
        folded = lowered if lowered.isascii() else unicodedata.normalize("NFKD", lowered).lower()
        if (
            _BRACKETS.search(token)
            or self._fillers.sub("", lowered).startswith("'")
            or "half" in folded
            or (bare[1] if bare else lowered).startswith(_JOINED_BY_RULES)
        ):
            return _Kind.WHOLE
        if bare is None:
            return self._in_company(token) if _CONTRACTION.fullmatch(lowered) else _Kind.RUN
        word = bare[1]
        if word in self._number_words or word in _ORDINAL_ENDINGS:
            return _Kind.RUN
        if word in self._replaced or self._fillers.search(word):
            return self._in_company(token)
        return self._spellings.get(word, word)

    def _in_company(self, token: str) -> str | _Kind:
        """The token between two plain words, if it comes out as words that a number beside it would not take up."""
        outcome = self._run(token, True, True).strip()
        if not _LETTERS.fullmatch(outcome):
            return _Kind.RUN
        words = set(outcome.split())
        return _Kind.RUN if words & self._number_words or words & _ORDINAL_ENDINGS else outcome


def _is_plain(item: tuple[str, str | _Kind]) -> bool:
    return isinstance(item[1], str)


@cache
def fast_english() -> FastEnglish:
    """The one that all share, so that what one text taught serves the next."""
    return FastEnglish()
