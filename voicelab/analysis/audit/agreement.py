"""Whether systems agree with each other and not with the reference.

The distance of two texts is d = 2e / (n + m + e), where n and m are their lengths in characters after normalization and
e is the number of edits: the normalized Levenshtein distance of Li and Liu (2007), a metric in [0, 1]. It uses
characters, because systems that misrecognize a name usually spell it similarly but not identically.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import fmean

from voicelab.metrics.words import count_words
from voicelab.text import Normalizer


@dataclass(frozen=True, slots=True)
class Agreement:
    """The mean distance of the systems to a sample's reference, and the mean distance between pairs of systems."""

    to_reference: float
    among_systems: float

    @property
    def score(self) -> float:
        """to_reference - among_systems: above 0 if the systems are closer to each other than to the reference.

        Near 2/3 if all systems agree on a completely different text of the reference's length; about 0 if they
        disagree with each other as much, as in noise or on a hard name, or if all are right.
        """
        return self.to_reference - self.among_systems


def distance(one: str, other: str, normalizer: Normalizer) -> float:
    """Distance of two texts in [0, 1]; 0 for two empty texts."""
    left, right = normalizer.apply(one).strip(), normalizer.apply(other).strip()
    edits = count_words(left, right).errors
    whole = len(left) + len(right) + edits
    return 2 * edits / whole if whole else 0.0


def agreement(reference: str, heard: Sequence[str], normalizer: Normalizer) -> Agreement:
    """Score one sample. heard: transcripts of at least two systems; ValueError with fewer."""
    if len(heard) < 2:
        raise ValueError("agreement needs at least two transcripts")
    return Agreement(
        fmean(distance(text, reference, normalizer) for text in heard),
        fmean(distance(one, other, normalizer) for one, other in combinations(heard, 2)),
    )
