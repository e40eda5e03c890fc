"""Whether systems agree with each other and not with the reference.

Two texts are d = 2e / (n + m + e) apart, where n and m are their lengths in characters after normalization and e the
edits between them: the normalized Levenshtein distance of Li and Liu (2007), which lies in 0..1 and keeps the triangle
inequality. Characters, because systems that mishear a name spell it alike but seldom the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from voicelab.metrics.words import count_words
from voicelab.text import Normalizer


@dataclass(frozen=True, slots=True)
class Agreement:
    """Of one sample, the mean distance of the systems to the reference, and of every two systems to each other."""

    to_reference: float
    among_systems: float

    @property
    def score(self) -> float:
        """to_reference - among_systems: above 0 where the systems are nearer to each other than to the reference.

        Near 2/3 where they all heard one text of the reference's length with no letter of it in place; about 0 where
        they differ as much among themselves, as over noise or a hard name, and where all are right.
        """
        return self.to_reference - self.among_systems


def distance(one: str, other: str, normalizer: Normalizer) -> float:
    """How far two texts are apart, 0..1; 0 for two texts that are empty."""
    left, right = normalizer.apply(one).strip(), normalizer.apply(other).strip()
    edits = count_words(left, right).errors
    whole = len(left) + len(right) + edits
    return 2 * edits / whole if whole else 0.0


def agreement(reference: str, heard: Sequence[str], normalizer: Normalizer) -> Agreement:
    """heard: what each of two systems or more made of the recording; ValueError with fewer."""
    if len(heard) < 2:
        raise ValueError("agreement takes two transcripts or more")
    return Agreement(
        fmean(distance(text, reference, normalizer) for text in heard),
        fmean(distance(one, other, normalizer) for one, other in combinations(heard, 2)),
    )
