"""Reproducible random streams, one per seed and set of names."""

import hashlib

import numpy as np


def generator(seed: int, *names: str) -> np.random.Generator:
    """Return a generator that depends only on the seed and the names, not on the order of calls."""
    text = "\0".join((str(seed), *names))
    words = np.frombuffer(hashlib.sha256(text.encode()).digest(), dtype="<u4")
    return np.random.default_rng(words)
