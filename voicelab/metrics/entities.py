"""Entity recall: whether expected entities occur in the transcript, the answer and the session.

Definitions: docs/reference/measures.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from voicelab.metrics.matching import unspaced
from voicelab.metrics.matching.folding import separated
from voicelab.metrics.words import AlignmentStep
from voicelab.text.invisible import without_invisible

_AMOUNT = re.compile(r"[$€£¥₹₩]?\.?\d")

Forms = Mapping[str, Sequence[str]]
"""All names of each company, by ticker."""


@dataclass(frozen=True, slots=True)
class FoundCounts:
    """Numbers of found, missed and unexpected entities; supports `+`."""

    expected: int = 0
    found: int = 0
    unexpected: int = 0

    def __add__(self, other: FoundCounts) -> FoundCounts:
        return FoundCounts(self.expected + other.expected, self.found + other.found, self.unexpected + other.unexpected)

    @property
    def recall(self) -> float | None:
        return self.found / self.expected if self.expected else None

    @property
    def precision(self) -> float | None:
        claimed = self.found + self.unexpected
        return self.found / claimed if claimed else None

    @property
    def f1(self) -> float | None:
        """2 found / (2 found + missed + unexpected); None when nothing was expected or claimed."""
        whole = self.expected + self.found + self.unexpected
        return 2 * self.found / whole if whole else None


def mentions(text: str, entity: str) -> bool:
    """Whether the text contains the entity as written, ignoring case, at word and number boundaries.

    In scripts without spaces it may occur anywhere. `3%` does not match in `-3%`, nor `2.5` in `2.51`.
    """
    entity, text = without_invisible(entity), without_invisible(text)
    if unspaced.needs_no_boundaries(entity):
        return unspaced.named(entity, text)
    words = r"\s+".join(re.escape(word) for word in entity.split())
    before = r"(?<!\w)(?<!\d[.,])(?<!(?<!\w)[-−])" if _AMOUNT.match(entity) else r"(?<!\w)"
    after = r"(?!\w)(?![.,]\d)" if entity[-1:].isdigit() else r"(?!\w)"
    where = separated(text)
    return re.search(f"{before}{words}{after}", where, re.IGNORECASE) is not None


def surface(expected: Iterable[str], text: str) -> FoundCounts:
    """Surface recall: the expected entities that occur in the text as written."""
    entities = tuple(expected)
    return FoundCounts(len(entities), sum(mentions(text, entity) for entity in entities))


def companies_of(entities: Iterable[str], forms: Forms) -> frozenset[str]:
    """Return the distinct tickers of the companies named by the entities: `NVDA` and `NVIDIA` are one."""
    tickers = {form.lower(): ticker for ticker, names in forms.items() for form in (ticker, *names)}
    return frozenset(tickers[entity.lower()] for entity in entities if entity.lower() in tickers)


def linked(expected: Iterable[str], text: str, forms: Forms) -> FoundCounts:
    """Linked recall: the expected companies named in the text in any form."""
    companies = companies_of(expected, forms)
    found = sum(any(mentions(text, form) for form in (ticker, *forms[ticker])) for ticker in companies)
    return FoundCounts(len(companies), found)


def linked_by_agent(expected: Iterable[str], tickers: Iterable[str], forms: Forms) -> FoundCounts:
    """Compare the agent's companies with the expected ones; also gives precision and F1."""
    wanted, claimed = companies_of(expected, forms), frozenset(tickers)
    return FoundCounts(len(wanted), len(wanted & claimed), len(claimed - wanted))


@dataclass(frozen=True, slots=True)
class SpanCounts:
    """Word errors inside the reference spans of entities; supports `+`."""

    words: int = 0
    errors: int = 0

    def __add__(self, other: SpanCounts) -> SpanCounts:
        return SpanCounts(self.words + other.words, self.errors + other.errors)


def entity_word_errors(steps: Sequence[AlignmentStep], spans: Iterable[Sequence[str]]) -> SpanCounts:
    """Entity WER (per class as in Rev's fstalign): errors inside the spans / words in the spans.

    steps: an alignment. spans: the entities as words in the same normalization. An insertion counts when it lies
    between two words of one span. Of overlapping spans, the longer one is used.
    """
    places = [place for place, step in enumerate(steps) if step.reference is not None]
    reference = [step.reference for step in steps if step.reference is not None]
    covered: set[int] = set()
    counts = SpanCounts()
    for span in sorted({tuple(span) for span in spans if span}, key=len, reverse=True):
        for start in range(len(reference) - len(span) + 1):
            inside = range(start, start + len(span))
            if tuple(reference[start : start + len(span)]) != span or covered.intersection(inside):
                continue
            covered.update(inside)
            window = steps[places[start] : places[start + len(span) - 1] + 1]
            counts += SpanCounts(len(span), sum(step.operation != "equal" for step in window))
    return counts
