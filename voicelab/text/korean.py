"""The normalizer `korean`: words separated by spaces; characters compared without spaces.

Spacing varies in written Korean, so the character error rate ignores spaces; the word error rate keeps them.
"""

from voicelab.text.basic import basic
from voicelab.text.normalizer import Normalizer

KOREAN = Normalizer("korean", "3", basic, scripts=frozenset({"Hangul"}), spaces_count=False)
