"""The normalizer `korean`: words between spaces, and characters without regard to spaces. Korean.

Spacing varies in written Korean, so the character error rate leaves spaces out; the word error rate keeps them.
"""

from __future__ import annotations

from voicelab.text.basic import basic
from voicelab.text.normalizer import Normalizer

KOREAN = Normalizer("korean", "1", basic, scripts=frozenset({"Hangul"}), spaces_count=False)
