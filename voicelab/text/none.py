"""The normalizer `none`: returns the text unchanged. Any language."""

from __future__ import annotations

from voicelab.text.normalizer import Normalizer


def _same(text: str) -> str:
    return text


NONE = Normalizer("none", "1", _same)
