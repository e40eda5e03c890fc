"""The normalizer `whisper`: identical to the English normalizer of openai-whisper 20250625.

The rules come from the package whisper_normalizer 0.1.15, without the four that openai-whisper lacks (`cause`, `dunno`,
`kinda`, `sorta`).

Most words are not affected by rules that depend on their neighbours. Such a word is normalized once and cached. Only
the runs of other words between them (numbers, currencies, fillers, symbols) go through all the rules, with a plain word
on either side where the text has one.
"""

import re
import unicodedata
from collections.abc import Callable
from enum import Enum
from functools import cache
from itertools import groupby
from typing import Any

from voicelab.errors import InputError
from voicelab.text.normalizer import Normalizer
from voicelab.text.remembered import Remembered

OPENAI_WHISPER = "20250625"
"""The release of openai-whisper that this normalizer reproduces."""
_RULES_PACKAGE = "0.1.15"
"""The release of whisper_normalizer to which the four removals apply."""
_NOT_IN_OPENAI_WHISPER = (r"\bcause\b", r"\bdunno\b", r"\bkinda\b", r"\bsorta\b")

_NEIGHBOUR = "zqx"
"""A word that no rule changes; replaces plain neighbours."""
_BARE_WORD = re.compile(r'"?([A-Za-z]+)[,.?!;:]?"?')
_CONTRACTION = re.compile(r'"?[a-z]+(?:\'[a-z]+)+[,?!;:]?"?')
_LETTERS = re.compile(r"[a-z]+(?: [a-z]+)*")
_BRACKETS = re.compile(r"[<>\[\]()]")
_JOINED_BY_RULES = ("been", "gone", "done", "got")
"""Words that a preceding `'s` or `'d` depends on."""
_ORDINAL_ENDINGS = frozenset({"st", "nd", "rd", "th", "s"})
"""Words that become the ending of a preceding number."""


class _Kind(Enum):
    RUN = "its outcome depends on words beside it that are not plain"
    WHOLE = "its outcome may depend on any word of the text"


class FastWhisper:
    """The rules with a cache; call it with a text to get the normalized text."""

    def __init__(self) -> None:
        rules = openai_rules()
        self._rules: Callable[[str], str] = rules
        self._spellings: dict[str, str] = rules.standardize_spellings.mapping
        self._number_words: frozenset[str] = frozenset(rules.standardize_numbers.words)
        self._fillers: re.Pattern[str] = re.compile(rules.ignore_patterns)
        alone = (pattern.removeprefix(r"\b").removesuffix(r"\b") for pattern in rules.replacers)
        self._replaced = frozenset(word for word in alone if word.isalpha())
        self._words = Remembered(self._classify)
        self._runs = Remembered(self._normalized_run)

    def __call__(self, text: str) -> str:
        tokens = text.split()
        parts = list(map(self._words.__getitem__, tokens))
        if _Kind.WHOLE in parts:
            return self._rules(text)
        if _Kind.RUN in parts:
            return self._by_runs(text, tokens, parts)
        return " ".join(parts)  # type: ignore[arg-type]  # only plain words are left

    def _by_runs(self, text: str, tokens: list[str], parts: list[str | _Kind]) -> str:
        pieces: list[str] = []
        edges = (" " if text[0].isspace() else "", " " if text[-1].isspace() else "")
        runs = groupby(zip(tokens, parts, strict=True), lambda item: isinstance(item[1], str))
        groups = [(plain, list(members)) for plain, members in runs]
        for number, (plain, members) in enumerate(groups):
            if plain:
                pieces.append(" ".join(part for _, part in members))  # type: ignore[misc]  # as above
            else:
                run = " ".join(token for token, _ in members)
                run = (edges[0] if number == 0 else "") + run + (edges[1] if number == len(groups) - 1 else "")
                pieces.append(self._runs[run, number > 0, number < len(groups) - 1])
        return "".join(pieces)

    def _normalized_run(self, run: tuple[str, bool, bool]) -> str:
        """Normalize a text, including its spaces. run: the text, and whether plain words are before and after it."""
        text, after_word, before_word = run
        left = f"{_NEIGHBOUR} " if after_word else ""
        right = f" {_NEIGHBOUR}" if before_word else ""
        whole = self._rules(left + text + right)
        return whole[len(left.strip()) : len(whole) - len(right.strip())]

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
        """Normalize a token between two plain words; only if the result is not affected by an adjacent number."""
        outcome = self._runs[token, True, True].strip()
        if not _LETTERS.fullmatch(outcome):
            return _Kind.RUN
        words = set(outcome.split())
        return _Kind.RUN if words & self._number_words or words & _ORDINAL_ENDINGS else outcome


def openai_rules() -> Any:
    """Return the uncached rules of openai-whisper. Raises InputError for other releases of whisper_normalizer."""
    from importlib.metadata import version

    installed = version("whisper_normalizer")
    if installed != _RULES_PACKAGE:
        raise InputError(
            f"normalizer whisper: whisper_normalizer {installed} is installed, but only {_RULES_PACKAGE} is known to "
            f"give the result of openai-whisper {OPENAI_WHISPER}; run: pip install whisper_normalizer=={_RULES_PACKAGE}"
        )
    from whisper_normalizer.english import EnglishTextNormalizer

    rules = EnglishTextNormalizer()
    for pattern in _NOT_IN_OPENAI_WHISPER:
        del rules.replacers[pattern]
    return rules


@cache
def _shared() -> FastWhisper:
    return FastWhisper()


def whisper(text: str) -> str:
    """Normalize a text like openai-whisper (Radford et al. 2022, appendix C)."""
    return _shared()(text)


WHISPER = Normalizer("whisper", OPENAI_WHISPER, whisper, scripts=frozenset({"Latin"}))
