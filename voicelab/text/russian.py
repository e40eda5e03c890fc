"""The normalizer `russian`: `ё` equals `е`, which most texts write for it.

In other languages with Cyrillic letters, such as Belarusian, `ё` is a letter of its own; `basic` keeps it.
"""

from voicelab.text.basic import basic
from voicelab.text.normalizer import Normalizer


def russian(text: str) -> str:
    """Apply `basic`, then replace `ё` by `е`."""
    return basic(text).replace("ё", "е")


RUSSIAN = Normalizer("russian", "1", russian)
