"""Entity word error rate: errors inside the reference spans that name an entity, over the words in them."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnScore


def _counts(score: TurnScore) -> Counts | None:
    spans = score.entity_words
    return None if spans is None else {"errors": spans.errors, "words": spans.words}


FIGURE = Figure(
    name="entity_wer",
    title="entity word error rate",
    short="entity WER",
    better="lower",
    group="entities",
    counts=_counts,
    value=Ratio("errors", "words"),
    detail="{part} errors in {of} words of entities",
    by_class=True,
)
