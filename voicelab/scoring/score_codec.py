"""Scores as JSON, and back: the counts of each turn, without the turn itself.

Most turns of a run have equal counts and common words. Each distinct count and alignment step is therefore written
once, in a table, and a turn has the numbers of its rows: a run of 8,000 turns is then read in half the time.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from voicelab.figures.scored_turn import ClassCounts, TurnLosses, TurnScore
from voicelab.metrics.attribution import LossCounts
from voicelab.metrics.commit_times import StreamingCounts
from voicelab.metrics.entities import FoundCounts, SpanCounts
from voicelab.metrics.equivalence import EquivalenceCounts
from voicelab.metrics.tool_calls import ToolCallCounts
from voicelab.metrics.words import AlignmentStep, Operation, WordCounts
from voicelab.runs.records import TurnResult

_COUNTS = (
    "words", "characters", "said", "heard", "answered", "session", "linked_heard", "linked_answered", "agent",
    "entity_words", "tool_calls", "equivalence", "streaming",
)  # fmt: skip
"""The fields of a TurnScore that have counts."""
_OPERATIONS: dict[str, Operation] = {"s": "substitute", "d": "delete", "i": "insert"}
_LETTERS = {operation: letter for letter, operation in _OPERATIONS.items()}
_KINDS: dict[str, Any] = {
    kind.__name__: kind
    for kind in (WordCounts, FoundCounts, SpanCounts, EquivalenceCounts, LossCounts, ToolCallCounts, StreamingCounts)
}
_NAMES = {kind: tuple(field.name for field in fields(kind)) for kind in _KINDS.values()}
_CLASS, _LOSSES = ("surface", "linked", "agent", "words"), ("entities", "actions", "missed")


class _Numbers(dict[Any, int]):
    """Numbers distinct values by first occurrence; the number of None is -1."""

    def __missing__(self, value: Any) -> int:
        return -1 if value is None else self.setdefault(value, len(self))

    def of(self, whole: Any, names: Sequence[str]) -> list[int]:
        return [self[getattr(whole, name)] for name in names]


def encode(scores: Sequence[TurnScore]) -> dict[str, Any]:
    """Encode the counts of scores. The result has the tables `counts` and `steps`, and a list for each turn."""
    counts, steps = _Numbers(), _Numbers()
    turns = [
        [
            counts.of(score, _COUNTS),
            None if score.steps is None else [steps[step] for step in score.steps],
            score.intent,
            sorted(score.companies),
            None if score.classes is None else {name: counts.of(one, _CLASS) for name, one in score.classes.items()},
            None if score.losses is None else [*counts.of(score.losses, _LOSSES), score.losses.listened],
        ]
        for score in scores
    ]
    return {"counts": [_listed(one) for one in counts], "steps": [_step(one) for one in steps], "turns": turns}


def decode(turns: Sequence[TurnResult], stored: dict[str, Any]) -> list[TurnScore]:
    """Decode the scores of turns. Raises KeyError, TypeError, IndexError or ValueError if they are invalid.

    Equal counts are one frozen object.
    """
    # The number of None is -1, the last of the table.
    count = [*map(_made, stored["counts"]), None].__getitem__
    step = [*map(_as_step, stored["steps"])].__getitem__
    scores = []
    for turn, (counted, aligned, intent, companies, classes, losses) in zip(turns, stored["turns"], strict=True):
        found: dict[str, Any] = dict(zip(_COUNTS, map(count, counted), strict=True))
        scores.append(
            TurnScore(
                turn=turn,
                steps=None if aligned is None else tuple(map(step, aligned)),
                **found,
                classes=None
                if classes is None
                else {name: ClassCounts(*map(count, row)) for name, row in classes.items()},
                intent=intent,
                companies=frozenset(companies),
                losses=None if losses is None else _losses(map(count, losses[:-1]), losses[-1]),
            )
        )
    return scores


def _listed(counts: Any) -> list[Any]:
    kind = type(counts)
    return [kind.__name__, *(getattr(counts, name) for name in _NAMES[kind])]


def _made(row: list[Any]) -> Any:
    name, *values = row
    kind = _KINDS[name]
    if len(values) != len(_NAMES[kind]):
        raise ValueError(f"{name} takes {len(_NAMES[kind])} counts, not {len(values)}")
    return kind(*(tuple(value) if isinstance(value, list) else value for value in values))


def _step(step: AlignmentStep) -> Any:
    """Encode a correct word as itself, and an error as its letter and its words."""
    if step.operation == "equal" and step.reference == step.hypothesis:
        return step.reference
    return [_LETTERS[step.operation], step.reference, step.hypothesis]


def _as_step(step: Any) -> AlignmentStep:
    if isinstance(step, str):
        return AlignmentStep("equal", step, step)
    letter, reference, hypothesis = step
    return AlignmentStep(_OPERATIONS[letter], reference, hypothesis)


def _losses(counts: Any, listened: Any) -> TurnLosses:
    return TurnLosses(**dict(zip(_LOSSES, counts, strict=True)), listened=bool(listened))
