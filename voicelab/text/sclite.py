"""The normalizer `sclite`: what NIST sclite does before it compares. English."""

from __future__ import annotations

from voicelab.text.normalizer import Normalizer

_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _lower_ascii(text: str) -> str:
    """The letters A to Z in lower case; all other characters stay."""
    return text.translate(_CAPITALS)


SCLITE = Normalizer("sclite", "1", _lower_ascii)
