"""A turn's score as JSON, and back: the counts as short lists, without the turn itself."""

from __future__ import annotations

from dataclasses import fields
from functools import lru_cache
from typing import Any

from voicelab.figures.scored_turn import ClassCounts, TurnLosses, TurnScore
from voicelab.metrics.attribution import LossCounts
from voicelab.metrics.commit_times import StreamingCounts
from voicelab.metrics.entities import FoundCounts, SpanCounts
from voicelab.metrics.equivalence import EquivalenceCounts
from voicelab.metrics.tool_calls import ToolCallCounts
from voicelab.metrics.words import AlignmentStep, Operation, WordCounts
from voicelab.runs.records import TurnResult

_FOUND = ("said", "heard", "answered", "session", "linked_heard", "linked_answered", "agent")
_OPERATIONS: dict[str, Operation] = {"s": "substitute", "d": "delete", "i": "insert"}
_LETTERS = {operation: letter for letter, operation in _OPERATIONS.items()}


def encode(score: TurnScore) -> dict[str, Any]:
    """Encode the counts of a score, without those that are None."""
    row: dict[str, Any] = {name: _listed(getattr(score, name)) for name in (*_FOUND, "words", "characters")}
    row |= {"entity_words": _listed(score.entity_words), "equivalence": _listed(score.equivalence)}
    row["tool_calls"] = _listed(score.tool_calls)
    row["streaming"] = _listed(score.streaming)
    row["intent"] = score.intent
    row["companies"] = sorted(score.companies)
    if score.steps is not None:
        row["steps"] = [_step(step) for step in score.steps]
    if score.classes is not None:
        row["classes"] = {name: _class(counts) for name, counts in score.classes.items()}
    if (losses := score.losses) is not None:
        row["losses"] = [_listed(losses.entities), _listed(losses.actions), losses.listened, _listed(losses.missed)]
    return {name: value for name, value in row.items() if value is not None}


def decode(turn: TurnResult, row: dict[str, Any]) -> TurnScore:
    """Decode the score of a turn. Raises KeyError, TypeError or ValueError for an invalid row."""
    classes, losses, steps = row.get("classes"), row.get("losses"), row.get("steps")
    found = {name: _made(FoundCounts, row.get(name)) for name in _FOUND}
    return TurnScore(
        turn=turn,
        steps=None if steps is None else tuple(_as_step(step) for step in steps),
        words=_made(WordCounts, row.get("words")),
        characters=_made(WordCounts, row.get("characters")),
        **found,
        entity_words=_made(SpanCounts, row.get("entity_words")),
        classes=None if classes is None else {name: _as_class(counts) for name, counts in classes.items()},
        intent=row.get("intent"),
        companies=frozenset(row["companies"]),
        tool_calls=_made(ToolCallCounts, row.get("tool_calls")),
        equivalence=_made(EquivalenceCounts, row.get("equivalence")),
        losses=None if losses is None else _as_losses(losses),
        streaming=_made(StreamingCounts, row.get("streaming")),
    )


_NAMES: dict[Any, tuple[str, ...]] = {
    kind: tuple(field.name for field in fields(kind))
    for kind in (WordCounts, FoundCounts, SpanCounts, EquivalenceCounts, LossCounts, ToolCallCounts, StreamingCounts)
}


def _listed(counts: Any) -> list[Any] | None:
    return None if counts is None else [getattr(counts, name) for name in _NAMES[type(counts)]]


def _made(kind: Any, values: list[Any] | None) -> Any:
    if values is None:
        return None
    return _shared(kind, tuple(tuple(value) if isinstance(value, list) else value for value in values))


@lru_cache(maxsize=100_000)
def _shared(kind: Any, values: tuple[Any, ...]) -> Any:
    """Decode counts. Equal counts share one frozen object, because most turns of a run have equal counts."""
    if len(values) != len(_NAMES[kind]):
        raise ValueError(f"{kind.__name__} takes {len(_NAMES[kind])} counts, not {len(values)}")
    return kind(*values)


def _step(step: AlignmentStep) -> Any:
    """Encode a correct word as itself, and an error as its letter and its words."""
    if step.operation == "equal" and step.reference == step.hypothesis:
        return step.reference
    return [_LETTERS[step.operation], step.reference, step.hypothesis]


def _as_step(step: Any) -> AlignmentStep:
    if isinstance(step, str):
        return _shared_step("equal", step, step)
    letter, reference, hypothesis = step
    return _shared_step(_OPERATIONS[letter], reference, hypothesis)


@lru_cache(maxsize=100_000)
def _shared_step(operation: Operation, reference: str | None, hypothesis: str | None) -> AlignmentStep:
    return AlignmentStep(operation, reference, hypothesis)


def _class(counts: ClassCounts) -> list[Any]:
    return [_listed(counts.surface), _listed(counts.linked), _listed(counts.agent), _listed(counts.words)]


def _as_class(row: list[Any]) -> ClassCounts:
    surface, linked, agent, words = row
    return ClassCounts(
        _made(FoundCounts, surface), _made(FoundCounts, linked), _made(FoundCounts, agent), _made(SpanCounts, words)
    )


def _as_losses(row: list[Any]) -> TurnLosses:
    entities, actions, listened, missed = row
    return TurnLosses(
        _made(LossCounts, entities), _made(LossCounts, actions), bool(listened), _made(FoundCounts, missed)
    )
