"""Figures by category, speaker, condition and entity class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from voicelab.figures.figure import AnyFigure, Figure
from voicelab.figures.scored_turn import ClassCounts, TurnScore
from voicelab.figures.table import Table
from voicelab.metrics.matching import CLASSES
from voicelab.runs.records import TurnResult
from voicelab.scoring.measuring import measure
from voicelab.scoring.schema import FiguresByMember, Measured


def figures_by(table: Table, scores: Sequence[TurnScore], condition: str | None) -> dict[str, FiguresByMember]:
    """The members of each grouping with their figures; figures that were not scored for a member are left out."""
    grouped = [figure for figure in table.values() if figure.grouped]
    found = {
        "category": _by(grouped, scores, lambda turn: turn.category),
        "speaker": _by(grouped, scores, lambda turn: turn.speaker),
        "condition": _by(grouped, scores, lambda _: condition),
        "entity_class": _by_class([one for one in table.values() if _is_of_classes(one)], scores),
    }
    return {name: members for name, members in found.items() if members}


def _by(
    figures: Sequence[AnyFigure], scores: Sequence[TurnScore], member_of: Callable[[TurnResult], str | None]
) -> FiguresByMember:
    members: dict[str, list[TurnScore]] = {}
    for score in scores:
        if (name := member_of(score.turn)) is not None:
            members.setdefault(name, []).append(score)
    return {name: _scored(figures, group) for name, group in members.items()}


def _is_of_classes(figure: AnyFigure) -> bool:
    return isinstance(figure, Figure) and figure.by_class


def _by_class(figures: Sequence[AnyFigure], scores: Sequence[TurnScore]) -> FiguresByMember:
    """The figures of each class that is expected or claimed in any of these turns, in the order of CLASSES."""
    there = {kind for score in scores for kind in score.classes or ()}
    return {kind: _scored(figures, _of_class(kind, scores)) for kind in CLASSES if kind in there}


def _of_class(kind: str, scores: Sequence[TurnScore]) -> list[TurnScore]:
    """The scores with the entity counts of a single class."""
    counted = [(score, counts) for score in scores if (counts := (score.classes or {}).get(kind)) is not None]
    # An agent that never claims an entity of a class does not detect the class: its precision is None and not 0.
    claims = any(_claims(counts) for _, counts in counted)
    return [
        replace(
            score,
            heard=counts.surface,
            linked_heard=counts.linked,
            agent=counts.agent if claims else None,
            entity_words=counts.words,
        )
        for score, counts in counted
    ]


def _claims(counts: ClassCounts) -> int:
    return counts.agent.found + counts.agent.unexpected if counts.agent is not None else 0


def _scored(figures: Iterable[AnyFigure], scores: Sequence[TurnScore]) -> dict[str, Measured]:
    found = {figure.name: measure(figure, scores) for figure in figures}
    return {name: one for name, one in found.items() if one.n}
