"""Score a transcript file against references, as sclite does: counts by utterance, by speaker and in total."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.errors import InputError
from voicelab.metrics.alternatives import Choice, lattice, normalized, parse
from voicelab.metrics.lattice_alignment import align_lattices
from voicelab.metrics.sclite import align_weighted, count_weighted
from voicelab.metrics.weights import MINIMAL, Weights
from voicelab.metrics.word_matching import Matching, with_optional
from voicelab.metrics.words import AlignmentStep, WordCounts, align_words, count_words, counts_of
from voicelab.text import Normalizer

_NO_WORDS = WordCounts()


@dataclass(frozen=True, slots=True)
class ScoreCounts:
    """Counts of sentences, words and characters; they add with `+`."""

    sentences: int = 0
    wrong_sentences: int = 0
    words: WordCounts = _NO_WORDS
    characters: WordCounts = _NO_WORDS

    def __add__(self, other: ScoreCounts) -> ScoreCounts:
        return ScoreCounts(
            self.sentences + other.sentences,
            self.wrong_sentences + other.wrong_sentences,
            self.words + other.words,
            self.characters + other.characters,
        )

    @property
    def sentence_error_rate(self) -> float | None:
        return self.wrong_sentences / self.sentences if self.sentences else None


@dataclass(frozen=True, slots=True)
class Score:
    """The counts of a hypothesis file, and the options of the scoring.

    utterances: the counts of each pair, in order. alternatives: whether the references allow several wordings.
    classes: for tagged tokens, the counts of each pair within the entities of each class.
    """

    normalizer: Normalizer
    weights: Weights
    pairs: tuple[UtterancePair, ...]
    utterances: tuple[ScoreCounts, ...]
    alternatives: bool
    classes: Mapping[str, tuple[WordCounts, ...]]
    _wordings: tuple[Wording, ...] = field(compare=False, repr=False)

    def steps(self, position: int) -> tuple[AlignmentStep, ...]:
        """The alignment behind a pair's counts. position: index in `pairs`."""
        reference, hypothesis, steps = self._wordings[position]
        if steps is not None:
            return steps
        if self.weights is MINIMAL:
            return align_words(reference, hypothesis)
        return align_weighted(reference, hypothesis, self.weights)

    @property
    def total(self) -> ScoreCounts:
        return sum(self.utterances, ScoreCounts())

    @property
    def speakers(self) -> dict[str, ScoreCounts]:
        """The counts of each speaker, in the order of their first utterance."""
        found: dict[str, ScoreCounts] = {}
        for pair, counts in zip(self.pairs, self.utterances, strict=True):
            found[pair.speaker] = found.get(pair.speaker, ScoreCounts()) + counts
        return found


def score(
    pairs: Sequence[UtterancePair],
    normalizer: Normalizer,
    weights: Weights,
    *,
    alternatives: bool,
    fragments: bool = False,
    optional: bool = False,
) -> Score:
    """Score each pair. alternatives: whether braces mark alternatives, of which the cheapest is used.

    fragments: whether word fragments (`won-`) match words with that beginning. optional: whether a word in parentheses
    may be omitted. Raises InputError that names the utterance for unbalanced braces, or if the normalizer removes the
    marks of fragments or of optional words.
    """
    if fragments and normalizer.words("won-") != ["won-"]:
        raise InputError(_marks_lost("fragments", "hyphens", normalizer))
    if optional and normalizer.words("(uh)") != ["(uh)"]:
        raise InputError(_marks_lost("optional words", "parentheses", normalizer))
    marks = _Marks(alternatives, optional, Matching(fragments))
    wordings = tuple(_wording(pair, normalizer, weights, marks) for pair in pairs)
    return Score(normalizer, weights, tuple(pairs), _counts(wordings, normalizer, weights), marks.any, {}, wordings)


def aligned_score(
    pairs: Sequence[UtterancePair],
    normalizer: Normalizer,
    weights: Weights,
    alignments: Sequence[tuple[AlignmentStep, ...]],
    classes: Mapping[str, tuple[WordCounts, ...]],
) -> Score:
    """The score of aligned pairs. classes: as in Score."""
    wordings = tuple((*_sides(steps), steps) for steps in alignments)
    return Score(normalizer, weights, tuple(pairs), _counts(wordings, normalizer, weights), True, classes, wordings)


Wording = tuple[Sequence[str], Sequence[str], "tuple[AlignmentStep, ...] | None"]
"""The compared words of both sides, and their alignment if choosing the wording has computed it."""


def _counts(wordings: Iterable[Wording], normalizer: Normalizer, weights: Weights) -> tuple[ScoreCounts, ...]:
    """The counts of each utterance."""
    between, found = " " if normalizer.spaces_count else "", []
    for reference, hypothesis, steps in wordings:
        if steps is not None:
            words = counts_of(steps)
        elif weights is MINIMAL:
            words = count_words(reference, hypothesis)
        else:
            words = count_weighted(reference, hypothesis, weights)
        characters = count_words(between.join(reference), between.join(hypothesis))
        found.append(ScoreCounts(1, int(words.errors > 0), words, characters))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class _Marks:
    """The marks of a text that are syntax: braces, parentheses, and hyphens at word ends."""

    alternatives: bool
    optional: bool
    matching: Matching

    @property
    def any(self) -> bool:
        return self.alternatives or self.optional or self.matching.fragments


def _marks_lost(what: str, marks: str, normalizer: Normalizer) -> str:
    return (
        f"{what} are marked by {marks}, which the normalizer {normalizer.name} removes; use --normalizer sclite or none"
    )


def _items(text: str, normalizer: Normalizer, marks: _Marks) -> tuple[str | Choice, ...]:
    items = normalized(parse(text), normalizer) if marks.alternatives else tuple(normalizer.words(text))
    return with_optional(items) if marks.optional else items


def _wording(pair: UtterancePair, normalizer: Normalizer, weights: Weights, marks: _Marks) -> Wording:
    if not marks.any:
        return normalizer.words(pair.reference), normalizer.words(pair.hypothesis), None
    try:
        mine, other = (_items(text, normalizer, marks) for text in (pair.reference, pair.hypothesis))
    except InputError as error:
        raise InputError(f"utterance {pair.id}: {error}") from error
    plain_marks = not marks.optional and not marks.matching.fragments
    if plain_marks and _plain(mine) and _plain(other):
        return mine, other, None  # type: ignore[return-value]  # only words
    steps = align_lattices(lattice(mine), lattice(other), weights, matching=marks.matching)
    reference, hypothesis = _sides(steps)
    return reference, hypothesis, None if weights is MINIMAL and plain_marks else steps


def _plain(items: Iterable[str | Choice]) -> bool:
    return all(isinstance(item, str) and item != "@" for item in items)


def _sides(steps: Iterable[AlignmentStep]) -> tuple[list[str], list[str]]:
    steps = list(steps)
    reference = [step.reference for step in steps if step.reference is not None]
    return reference, [step.hypothesis for step in steps if step.hypothesis is not None]


def figures(counts: ScoreCounts) -> dict[str, int | float | None]:
    """The counts and rates of a row. Rates are fractions, and None if the denominator is 0."""
    return {
        "sentences": counts.sentences,
        **word_figures(counts.words),
        "mer": counts.words.mer,
        "wil": counts.words.wil,
        "cer": counts.characters.wer,
        "sentence_errors": counts.wrong_sentences,
        "ser": counts.sentence_error_rate,
    }


def word_figures(words: WordCounts) -> dict[str, int | float | None]:
    """The counts of words and their error rate."""
    return {
        "words": words.reference_words,
        "correct": words.hits,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
        "errors": words.errors,
        "wer": words.wer,
    }


def rule(used: Normalizer) -> dict[str, str]:
    """The normalizer's label in results."""
    mapped = {"word_map_sha256": used.word_map} if used.word_map is not None else {}
    return {"name": used.name, "version": used.version} | mapped


@dataclass(frozen=True, slots=True)
class UtteranceFlip:
    """Two systems that two normalizers rank in opposite order."""

    systems: tuple[str, str]
    normalizers: tuple[str, str]


def flips(rates: Mapping[str, Mapping[str, float | None]]) -> list[UtteranceFlip]:
    """Find pairs of systems whose order depends on the normalizer. rates: normalizer -> system -> error rate.

    For each pair, the first normalizer that ranks them is listed with each one that ranks them in opposite order.
    """
    systems = list(dict.fromkeys(system for row in rates.values() for system in row))
    found = []
    for place, one in enumerate(systems):
        for other in systems[place + 1 :]:
            signs = {name: _order(row.get(one), row.get(other)) for name, row in rates.items()}
            ranked = [(name, sign) for name, sign in signs.items() if sign]
            found += [
                UtteranceFlip((one, other), (ranked[0][0], name)) for name, sign in ranked if sign != ranked[0][1]
            ]
    return found


def _order(one: float | None, other: float | None) -> int:
    return 0 if one is None or other is None else (one > other) - (one < other)
