"""Entity figures by class, with their intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from voicelab.metrics.matching import CLASSES
from voicelab.scoring.entity_classes import ClassCounts
from voicelab.scoring.intervals import FigureIntervals
from voicelab.scoring.schema import EntityClassFigures, Rate
from voicelab.scoring.turns import TurnScore


def class_figures(scores: Sequence[TurnScore], sure: FigureIntervals) -> dict[str, EntityClassFigures]:
    """The figures of each class that is expected or claimed in any of these turns, in the order of CLASSES."""
    there = {kind for score in scores for kind in score.classes or ()}
    return {kind: _figures(kind, scores, sure) for kind in CLASSES if kind in there}


def _figures(kind: str, scores: Sequence[TurnScore], sure: FigureIntervals) -> EntityClassFigures:
    counted = [counts for score in scores if (counts := (score.classes or {}).get(kind)) is not None]
    # An agent that never claims one of a class does not look for them; its precision there is not 0, it has none.
    claims = any(one.agent is not None and one.agent.found + one.agent.unexpected for one in counted)

    def share(part: Callable[[ClassCounts], int], whole: Callable[[ClassCounts], int]) -> Rate:
        return sure.share(scores, lambda score: (score.classes or {}).get(kind), part, whole)

    def agent(part: Callable[[ClassCounts], int], whole: Callable[[ClassCounts], int]) -> Rate:
        def of(score: TurnScore) -> ClassCounts | None:
            counts = (score.classes or {}).get(kind)
            return counts if claims and counts is not None and counts.agent is not None else None

        return sure.share(scores, of, part, whole)

    return EntityClassFigures(
        surface_heard=share(lambda c: c.surface.found, lambda c: c.surface.expected),
        linked_heard=share(lambda c: c.linked.found, lambda c: c.linked.expected),
        agent_recall=agent(lambda c: _agent(c)[0], lambda c: _agent(c)[1]),
        agent_precision=agent(lambda c: _agent(c)[0], lambda c: _agent(c)[0] + _agent(c)[2]),
        agent_f1=agent(lambda c: 2 * _agent(c)[0], lambda c: sum(_agent(c))),
        entity_wer=share(lambda c: c.words.errors, lambda c: c.words.words),
    )


def _agent(counts: ClassCounts) -> tuple[int, int, int]:
    """Found, expected, unexpected."""
    one = counts.agent
    return (one.found, one.expected, one.unexpected) if one is not None else (0, 0, 0)
