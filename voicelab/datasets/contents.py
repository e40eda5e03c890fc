"""Summarize a sample set: categories with speakers and durations, and damaged recordings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from voicelab.datasets.samples import SampleSet


@dataclass(frozen=True, slots=True)
class CategoryContents:
    """A category. samples: their number. duration_s: total duration. speakers: sorted, "-" if unknown."""

    category: str
    samples: int
    duration_s: float
    speakers: Sequence[str]


@dataclass(frozen=True, slots=True)
class SetContents:
    """A set. silent: samples with an empty reference. undecoded_s: seconds that cannot be decoded, by sample id."""

    categories: Sequence[CategoryContents]
    silent: int
    languages: Sequence[str]
    undecoded_s: Mapping[str, float]


def contents(found: SampleSet) -> SetContents:
    """Decode and count all recordings of a set. Raises InputError if a recording cannot be read."""
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
