"""Calls scored against tagged references: a row for each speaker's turn, and word errors by entity class."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from voicelab.analysis.score_transcripts import Score, aligned_score
from voicelab.analysis.tagged.lattices import Leaf, call_lattice
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.datasets.transcripts.nlp import Call, paired_files, read_call, read_tokens
from voicelab.metrics.alternatives import plain_lattice
from voicelab.metrics.lattice_alignment import align_places
from voicelab.metrics.weights import Weights
from voicelab.metrics.word_matching import EQUAL
from voicelab.metrics.words import AlignmentStep, WordCounts, counts_of
from voicelab.text import Normalizer

_Tagged = tuple[AlignmentStep, frozenset[str]]
"""A step of an alignment, and the ids of the entities that it lies in."""


def score_calls(
    reference: Path,
    hypothesis: Path,
    normalizer: Normalizer,
    weights: Weights,
    *,
    norms: Path | None = None,
    tags: Path | None = None,
) -> Score:
    """Score .nlp transcripts, or folders of them. Each call is aligned as a whole and then cut into speakers' turns.

    norms, tags: as for `read_call`. Raises InputError for files that cannot be read or paired.
    """
    pairs: list[UtterancePair] = []
    alignments: list[tuple[AlignmentStep, ...]] = []
    by_class: list[dict[str, WordCounts]] = []
    for mine, other in paired_files(reference, hypothesis):
        call = read_call(mine, norms, tags)
        heard = [word for token in read_tokens(other) for word in normalizer.words(token.text)]
        speakers = _speakers(call)
        for turn, tagged in enumerate(_turns(call, heard, normalizer, weights, len(speakers))):
            steps = tuple(step for step, _ in tagged)
            said = " ".join(step.reference for step in steps if step.reference is not None)
            got = " ".join(step.hypothesis for step in steps if step.hypothesis is not None)
            pairs.append(UtterancePair(f"{call.id}_{turn:04d}", speakers[turn], said, got))
            alignments.append(steps)
            by_class.append(_by_class(tagged, call))
    kinds = sorted({kind for row in by_class for kind in row})
    classes = {kind: tuple(row.get(kind, WordCounts()) for row in by_class) for kind in kinds}
    return aligned_score(pairs, normalizer, weights, alignments, classes)


def _speakers(call: Call) -> list[str]:
    """The speaker of each turn, named by the call too."""
    names = []
    for place, token in enumerate(call.tokens):
        if not place or token.speaker != call.tokens[place - 1].speaker:
            names.append(f"{call.id}:{token.speaker}" if token.speaker else call.id)
    return names or [call.id]


def _turns(
    call: Call, heard: Sequence[str], normalizer: Normalizer, weights: Weights, count: int
) -> list[list[_Tagged]]:
    """The alignment of a call, cut into turns. Inserted words belong to the turn of the word before them."""
    lattice, leaves = call_lattice(call, normalizer)
    places = align_places(lattice, plain_lattice(heard), weights)
    said = [leaves[i] for i, _ in places if i is not None]
    turns: list[list[_Tagged]] = [[] for _ in range(count)]
    passed = 0
    for i, j in places:
        leaf = None if i is None else leaves[i]
        step = EQUAL.step(None if leaf is None else leaf.word, None if j is None else heard[j - 1])
        turn = leaf.turn if leaf is not None else said[passed - 1].turn if passed else 0
        turns[turn].append((step, leaf.entities if leaf is not None else _around(said, passed)))
        passed += leaf is not None
    return turns


def _around(said: Sequence[Leaf], passed: int) -> frozenset[str]:
    """The entities that an inserted word lies inside of: those that the words before and after it share."""
    inside = 0 < passed < len(said)
    return said[passed - 1].entities & said[passed].entities if inside else frozenset()


def _by_class(tagged: Sequence[_Tagged], call: Call) -> dict[str, WordCounts]:
    found: dict[str, list[AlignmentStep]] = {}
    for step, kind in _classed(tagged, call):
        found.setdefault(kind, []).append(step)
    return {kind: counts_of(steps) for kind, steps in found.items()}


def _classed(tagged: Sequence[_Tagged], call: Call) -> Iterator[tuple[AlignmentStep, str]]:
    for step, entities in tagged:
        for kind in {call.classes[key] for key in entities if key in call.classes}:
            yield step, kind
