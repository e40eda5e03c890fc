"""Tool equivalence: whether the agent acts the same on the transcript as on the reference text.

A word error that changes no action has no cost to the user; the share of turns with a changed action measures the cost.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, fields

from voicelab.metrics.intervals import Interval, ratio_interval


@dataclass(frozen=True, slots=True)
class Action:
    """The agent's action in a turn: intent, companies, amounts and changes.

    amounts: other extracted values, as (kind, value). changes: as (operation, company).
    calls: tool calls, as (name, canonical arguments).
    """

    intent: str
    companies: frozenset[str] = frozenset()
    amounts: frozenset[tuple[str, str]] = frozenset()
    changes: frozenset[tuple[str, str]] = frozenset()
    calls: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class EquivalenceCounts:
    """Numbers of turns, of changed actions, and of each kind of change (a turn may have several); supports `+`."""

    turns: int = 0
    changed: int = 0
    intent: int = 0
    companies: int = 0
    amounts: int = 0
    changes: int = 0
    calls: int = 0

    def __add__(self, other: EquivalenceCounts) -> EquivalenceCounts:
        return EquivalenceCounts(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))

    @property
    def changed_share(self) -> float | None:
        """Turns with a changed action / turns; None without turns."""
        return self.changed / self.turns if self.turns else None


def compare(reference: Action, recognized: Action) -> EquivalenceCounts:
    """Compare the action on the reference text with the action on the transcript."""
    parts = [one.name for one in fields(Action)]
    changed = {name: int(getattr(reference, name) != getattr(recognized, name)) for name in parts}
    return EquivalenceCounts(turns=1, changed=int(reference != recognized), **changed)


def changed_interval(counts: Sequence[EquivalenceCounts], keys: Sequence[Hashable]) -> Interval | None:
    """Return the interval of the changed share; keys identify clusters of turns."""
    return ratio_interval([one.changed for one in counts], [one.turns for one in counts], keys)
