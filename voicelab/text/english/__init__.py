"""The normalizer `english`: one spelling for texts that say the same. English.

It compares what was said, word for word: signs, units and negations count, the way a number, a time, a contraction or a
spelling is written does not. docs/scoring.md lists the rules.
"""

from __future__ import annotations

from voicelab.text.english.rules import english
from voicelab.text.normalizer import Normalizer

ENGLISH = Normalizer("english", "2", english, scripts=frozenset({"Latin"}))

__all__ = ["ENGLISH", "english"]
