"""Align a call with its tagged reference. The results are plain values, cheap to send between processes."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from voicelab.analysis.tagged.lattices import Leaf, call_lattice, words_by
from voicelab.datasets.transcripts.nlp import TaggedCall, read_call, read_tokens
from voicelab.metrics.alternatives import plain_lattice
from voicelab.metrics.lattice_alignment import align_places
from voicelab.metrics.weights import Weights
from voicelab.metrics.word_matching import EQUAL
from voicelab.metrics.words import AlignmentStep, Operation, WordCounts, counts_of
from voicelab.text import Normalizer

_Tagged = tuple[AlignmentStep, frozenset[str]]
"""A step of an alignment, with the ids of its entities."""
PlainStep = tuple[Operation, str | None, str | None]


@dataclass(frozen=True, slots=True)
class CallRules:
    """Options of the scoring. norms, tags: as for `read_call`."""

    normalizer: Normalizer
    weights: Weights
    norms: Path | None
    tags: Path | None


@dataclass(frozen=True, slots=True)
class CallTurn:
    """A turn of a call: its speaker, its alignment, and its counts by entity class."""

    speaker: str
    steps: list[PlainStep]
    classes: dict[str, WordCounts]


@dataclass(frozen=True, slots=True)
class AlignedCall:
    """The turns of a call, in order."""

    id: str
    turns: list[CallTurn]


def align_call(reference: Path, hypothesis: Path, rules: CallRules) -> AlignedCall:
    """Align a call as a whole and split the alignment into speakers' turns; InputError for unreadable files."""
    call = read_call(reference, rules.norms, rules.tags)
    words_of = words_by(rules.normalizer)
    heard = [word for token in read_tokens(hypothesis) for word in words_of(token.text)]
    speakers = _speakers(call)
    turns = _turns(call, heard, rules, len(speakers))
    return AlignedCall(
        call.id,
        [
            CallTurn(
                speaker,
                [(step.operation, step.reference, step.hypothesis) for step, _ in tagged],
                _by_class(tagged, call),
            )
            for speaker, tagged in zip(speakers, turns, strict=True)
        ],
    )


def _speakers(call: TaggedCall) -> list[str]:
    """The speaker of each turn, prefixed with the call's name."""
    names = []
    for place, token in enumerate(call.tokens):
        if not place or token.speaker != call.tokens[place - 1].speaker:
            names.append(f"{call.id}:{token.speaker}" if token.speaker else call.id)
    return names or [call.id]


_step = lru_cache(maxsize=100_000)(EQUAL.step)
"""Equal steps are one object, because calls repeat most of their words."""


def _turns(call: TaggedCall, heard: Sequence[str], rules: CallRules, count: int) -> list[list[_Tagged]]:
    """Split the alignment of a call into turns. Inserted words belong to the turn of the word before them."""
    lattice, leaves = call_lattice(call, words_by(rules.normalizer))
    places = align_places(lattice, plain_lattice(heard), rules.weights)
    said = [leaves[i] for i, _ in places if i is not None]
    turns: list[list[_Tagged]] = [[] for _ in range(count)]
    passed = 0
    for i, j in places:
        leaf = None if i is None else leaves[i]
        step = _step(None if leaf is None else leaf.word, None if j is None else heard[j - 1])
        turn = leaf.turn if leaf is not None else said[passed - 1].turn if passed else 0
        turns[turn].append((step, leaf.entities if leaf is not None else _around(said, passed)))
        passed += leaf is not None
    return turns


def _around(said: Sequence[Leaf], passed: int) -> frozenset[str]:
    """The entities of an inserted word: those of both the word before and the word after it."""
    inside = 0 < passed < len(said)
    return said[passed - 1].entities & said[passed].entities if inside else frozenset()


def _by_class(tagged: Sequence[_Tagged], call: TaggedCall) -> dict[str, WordCounts]:
    found: dict[str, list[AlignmentStep]] = {}
    for step, entities in tagged:
        for kind in {call.classes[key] for key in entities if key in call.classes}:
            found.setdefault(kind, []).append(step)
    return {kind: counts_of(steps) for kind, steps in found.items()}
