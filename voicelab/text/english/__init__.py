"""The normalizer `english`: one spelling for equivalent English texts.

Words, signs, units and negations count. The notation of numbers, times, contractions and spelling variants does not.
docs/reference/scoring.md lists the rules.
"""

from collections.abc import Callable
from functools import cache

from voicelab.text.normalizer import Normalizer


@cache
def _rules() -> Callable[[str], str]:
    """Return the rules, loaded on first use because they compile many patterns."""
    from voicelab.text.english.rules import english

    return english


def _english(text: str) -> str:
    return _rules()(text)


ENGLISH = Normalizer("english", "4", _english, scripts=frozenset({"Latin"}))
