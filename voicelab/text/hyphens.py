"""Keep the hyphens within words, whatever the normalizer does with them: `re-sign` and `resign` then differ."""

from __future__ import annotations

import re
from dataclasses import replace

from voicelab.text.normalizer import Normalizer

_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_])")
_STAND_IN = "\ua78f"
"""A letter (the sinological dot) that no normalizer changes; it stands for a hyphen while one is applied."""


def keep_hyphens(normalizer: Normalizer) -> Normalizer:
    """The normalizer, with the hyphens between two letters kept. Its name says so, because its scores differ."""
    plain = normalizer.apply

    def apply(text: str) -> str:
        return plain(_HYPHEN.sub(_STAND_IN, text)).replace(_STAND_IN, "-")

    return replace(normalizer, name=f"{normalizer.name}+hyphens", apply=apply)
