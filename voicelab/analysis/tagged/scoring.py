"""Score calls against tagged references: one row per speaker's turn, and word errors by entity class."""

from functools import lru_cache
from pathlib import Path

from voicelab.analysis.score_transcripts import Score, aligned_score
from voicelab.analysis.tagged.calls import CallRules
from voicelab.analysis.tagged.parallel import align_calls
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.datasets.transcripts.nlp import paired_files
from voicelab.metrics.weights import Weights
from voicelab.metrics.words import AlignmentStep, WordCounts
from voicelab.text import Normalizer

_step = lru_cache(maxsize=100_000)(AlignmentStep)
"""Equal steps are one object, because calls repeat most of their words."""


def score_calls(
    reference: Path,
    hypothesis: Path,
    normalizer: Normalizer,
    weights: Weights,
    *,
    norms: Path | None = None,
    tags: Path | None = None,
) -> Score:
    """Score .nlp files or folders of them. Each call is aligned as a whole and then split into speakers' turns.

    norms, tags: as for `read_call`. Raises InputError for files that cannot be read or paired.
    """
    pairs: list[UtterancePair] = []
    alignments: list[tuple[AlignmentStep, ...]] = []
    by_class: list[dict[str, WordCounts]] = []
    rules = CallRules(normalizer, weights, norms, tags)
    for call in align_calls(paired_files(reference, hypothesis), rules):
        for number, turn in enumerate(call.turns):
            said = " ".join(word for _, word, _ in turn.steps if word is not None)
            got = " ".join(word for _, _, word in turn.steps if word is not None)
            pairs.append(UtterancePair(f"{call.id}_{number:04d}", turn.speaker, said, got))
            alignments.append(tuple(_step(*step) for step in turn.steps))
            by_class.append(turn.classes)
    kinds = sorted({kind for row in by_class for kind in row})
    classes = {kind: tuple(row.get(kind, WordCounts()) for row in by_class) for kind in kinds}
    return aligned_score(pairs, normalizer, weights, alignments, classes)
