"""The normalizer `characters`: one word per character. Chinese, Cantonese, Japanese, Thai, Lao, Khmer, Burmese.

Words in Latin letters (or any other script with spaces) and numbers stay whole, as is usual for Mandarin-English
speech; the character error rate counts their letters. Chinese characters are not converted between simplified and
traditional, nor numbers between digits and characters.
"""

import unicodedata

from voicelab.text.basic import basic
from voicelab.text.normalizer import Normalizer
from voicelab.text.scripts import WITHOUT_SPACES, script_of

_CUT = WITHOUT_SPACES | {"Hangul"}


def characters(text: str) -> str:
    """Apply `basic`, then put spaces around each character of a script without spaces; marks stay with their letter."""
    folded = basic(text)
    if folded.isascii():
        return folded
    parts: list[str] = []
    cut = False
    for char in folded:
        if unicodedata.category(char)[0] == "M" or char in "\uff9e\uff9f":
            parts.append(char)
            continue
        script = script_of(char)
        alone = script in _CUT
        if alone or cut:
            parts.append(" ")
        parts.append(char)
        cut = alone
    return " ".join("".join(parts).split())


CHARACTERS = Normalizer("characters", "3", characters, scripts=_CUT, spaces_count=False)
