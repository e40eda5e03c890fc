"""Chance that is the same each time: one stream of numbers for each seed and set of names."""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """A stream that the seed and the names decide, and nothing else: not the order of calls, not what else is drawn."""
    text = "\0".join((str(seed), *names))
    words = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype="<u4")
    return np.random.default_rng(words)
