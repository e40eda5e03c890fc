"""The normalizer `english`: one spelling for texts that say the same. English.

It compares what was said, word for word: signs, units and negations count, the way a number, a time, a contraction or a
spelling is written does not. docs/reference/scoring.md lists the rules.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

from voicelab.text.normalizer import Normalizer


@cache
def _rules() -> Callable[[str], str]:
    """The rules, loaded when a text is first normalized: they hold many patterns."""
    from voicelab.text.english.rules import english

    return english


def _english(text: str) -> str:
    return _rules()(text)


ENGLISH = Normalizer("english", "2", _english, scripts=frozenset({"Latin"}))
