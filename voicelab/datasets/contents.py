"""What a sample set contains: its categories with their speakers and durations, and recordings that are damaged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicelab.datasets.samples import SampleSet


@dataclass(frozen=True, slots=True)
class CategoryContents:
    """One category. samples: their number. duration_s: of all recordings together. speakers: sorted, "-" if unknown."""

    category: str
    samples: int
    duration_s: float
    speakers: Sequence[str]


@dataclass(frozen=True, slots=True)
class SetContents:
    """A set. silent: samples whose reference is empty. undecoded_s: by sample id, the seconds that do not decode."""

    categories: Sequence[CategoryContents]
    silent: int
    languages: Sequence[str]
    undecoded_s: Mapping[str, float]


def contents(found: SampleSet) -> SetContents:
    """Decode every recording of a set and count. Raises InputError if a recording cannot be read."""
    categories = []
    undecoded_s: dict[str, float] = {}
    for category in found.categories:
        members = [sample for sample in found.samples if sample.category == category]
        decoded = {sample.id: sample.decoded() for sample in members}
        undecoded_s |= {name: one.undecoded_s for name, one in decoded.items() if one.is_damaged}
        duration_s = sum(one.clip.duration_s for one in decoded.values())
        speakers = sorted({sample.speaker or "-" for sample in members})
        categories.append(CategoryContents(category, len(members), duration_s, speakers))
    return SetContents(
        categories=categories,
        silent=sum(not sample.text.strip() for sample in found.samples),
        languages=sorted({sample.language for sample in found.samples if sample.language is not None}),
        undecoded_s=undecoded_s,
    )
