"""The normalizer `sclite`: NIST sclite's own normalization. English."""

from voicelab.text.normalizer import Normalizer

_CAPITALS = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


def _lower_ascii(text: str) -> str:
    """Convert A to Z to lower case; leave other characters unchanged."""
    return text.translate(_CAPITALS)


SCLITE = Normalizer("sclite", "1", _lower_ascii)
