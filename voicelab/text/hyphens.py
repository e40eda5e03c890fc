"""Preserves hyphens within words under any normalizer, so that `re-sign` and `resign` differ."""

import re
from dataclasses import replace

from voicelab.text.normalizer import Normalizer

_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_])")
_STAND_IN = "\ua78f"
"""A letter (the sinological dot) that no normalizer changes; replaces hyphens during normalization."""


def keep_hyphens(normalizer: Normalizer) -> Normalizer:
    """Return a normalizer that keeps the hyphens between letters. Its name differs, because its scores do."""
    plain = normalizer.apply

    def apply(text: str) -> str:
        return plain(_HYPHEN.sub(_STAND_IN, text)).replace(_STAND_IN, "-")

    return replace(normalizer, name=f"{normalizer.name}+hyphens", apply=apply)
