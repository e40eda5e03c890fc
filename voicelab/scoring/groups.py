"""Figures by category, speaker, condition and entity class."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from voicelab.figures.figure import AnyFigure, Figure
from voicelab.figures.scored_turn import TurnScore
from voicelab.figures.table import Table
from voicelab.metrics.matching import CLASSES
from voicelab.scoring.measuring import measure_all
from voicelab.scoring.schema import FiguresByMember, Measured, ScenarioOutcome

_Item = TypeVar("_Item")


def figures_by(
    table: Table, scores: Sequence[TurnScore], outcomes: Sequence[ScenarioOutcome], condition: str | None
) -> dict[str, FiguresByMember]:
    """The members of each grouping with their figures; figures that were not scored for a member are left out.

    The turns of a scenario have several categories, so figures of scenarios have none.
    """
    grouped = [figure for figure in table.values() if figure.grouped]
    found = {
        "category": _by(grouped, _members(scores, lambda score: score.turn.category), {}),
        "speaker": _by(
            grouped,
            _members(scores, lambda score: score.turn.speaker),
            _members(outcomes, lambda outcome: outcome.speaker),
        ),
        "condition": _by(grouped, _members(scores, lambda _: condition), _members(outcomes, lambda _: condition)),
        "entity_class": _by_class([one for one in table.values() if isinstance(one, Figure) and one.by_class], scores),
    }
    return {name: members for name, members in found.items() if members}


def _by(
    figures: Sequence[AnyFigure],
    scores: Mapping[str, Sequence[TurnScore]],
    outcomes: Mapping[str, Sequence[ScenarioOutcome]],
) -> FiguresByMember:
    names = dict.fromkeys([*scores, *outcomes])
    return {name: _scored(figures, scores.get(name, ()), outcomes.get(name, ())) for name in names}


def _members(items: Iterable[_Item], member_of: Callable[[_Item], str | None]) -> dict[str, list[_Item]]:
    members: dict[str, list[_Item]] = {}
    for item in items:
        if (name := member_of(item)) is not None:
            members.setdefault(name, []).append(item)
    return members


def _by_class(figures: Sequence[AnyFigure], scores: Sequence[TurnScore]) -> FiguresByMember:
    """The figures of each class that is expected or claimed in any of these turns, in the order of CLASSES."""
    there = {kind for score in scores for kind in score.classes or ()}
    return {kind: _scored(figures, _of_class(kind, scores)) for kind in CLASSES if kind in there}


def _of_class(kind: str, scores: Sequence[TurnScore]) -> list[TurnScore]:
    """The scores with the entity counts of a single class."""
    counted = [(score, counts) for score in scores if (counts := (score.classes or {}).get(kind)) is not None]
    # An agent that never claims an entity of a class does not detect the class: its precision is None and not 0.
    agents = [counts.agent for _, counts in counted if counts.agent is not None]
    claims = any(agent.found + agent.unexpected for agent in agents)
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


def _scored(
    figures: Iterable[AnyFigure], scores: Sequence[TurnScore], outcomes: Sequence[ScenarioOutcome] = ()
) -> dict[str, Measured]:
    return {name: one for name, one in measure_all(figures, scores, outcomes).items() if one.n}
