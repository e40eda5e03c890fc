"""Entity recall, precision, F1 and WER by entity class, with confidence intervals.

An entity is found when the text names it in any spoken or written form (metrics.matching). Definitions:
docs/reference/matching.md, docs/reference/measures.md.
"""

from collections.abc import Iterable, Mapping, Sequence

from voicelab.metrics.entities import Forms, FoundCounts, SpanCounts, companies_of, entity_word_errors
from voicelab.metrics.matching import EntityClass, found, kind_of
from voicelab.metrics.matching.tokens import tokenize
from voicelab.metrics.words import AlignmentStep


def class_of(entity: str, forms: Forms) -> EntityClass:
    """Return the class of an expected entity: a known ticker or company, a class inferred from its form, or "action
    word".

    A lower-case word that is none of these, such as `news` or `latest`, is an "action word".
    """
    if entity in forms:
        return "ticker"
    if companies_of([entity], forms):
        return "company"
    kind = kind_of(entity, tokenize(entity, spoken=False))
    return "action word" if kind == "name" and entity == entity.lower() else kind


def recall_by_class(expected: Iterable[str], text: str, forms: Forms) -> dict[str, FoundCounts]:
    """Count the expected entities that the text names, by class."""
    counts: dict[str, FoundCounts] = {}
    for entity in expected:
        kind = class_of(entity, forms)
        counts[kind] = counts.get(kind, FoundCounts()) + FoundCounts(1, int(found(entity, text, kind)))
    return counts


def claims_by_class(expected: Iterable[str], claimed: Iterable[str], forms: Forms) -> dict[str, FoundCounts]:
    """Compare expected with claimed entities: recall, precision and F1, by class.

    An expected entity is found when a claim names it. A claim that names no expected entity is unexpected and counts
    under its own class.
    """
    wanted = [(entity, class_of(entity, forms)) for entity in expected]
    claims = list(claimed)
    counts: dict[str, FoundCounts] = {}
    for entity, kind in wanted:
        hit = any(found(entity, claim, kind) for claim in claims)
        counts[kind] = counts.get(kind, FoundCounts()) + FoundCounts(1, int(hit))
    for claim in claims:
        if not any(found(entity, claim, kind) for entity, kind in wanted):
            kind = class_of(claim, forms)
            counts[kind] = counts.get(kind, FoundCounts()) + FoundCounts(unexpected=1)
    return counts


def word_errors_by_class(
    steps: Sequence[AlignmentStep], entities: Mapping[str, Sequence[str]], forms: Forms
) -> dict[str, SpanCounts]:
    """Return entity WER by class. entities: each entity as written -> its words in the normalization of the steps."""
    spans: dict[str, list[Sequence[str]]] = {}
    for entity, words in entities.items():
        spans.setdefault(class_of(entity, forms), []).append(words)
    return {kind: entity_word_errors(steps, members) for kind, members in spans.items()}
