"""Tool equivalence: does the agent do the same thing with what was recognized as with what was said?

A word error that changes no action costs the user nothing; the share of turns whose action changes is what it costs.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

from voicelab.metrics.intervals import Interval, ratio_interval


@dataclass(frozen=True, slots=True)
class Action:
    """What an agent does in a turn: the intent it acts on, the companies, the amounts, and the changes it makes.

    amounts: whatever else it took from the words, as (kind, value). changes: as (operation, company).
    calls: of tools, as (name, arguments in one canonical form).
    """

    intent: str
    companies: frozenset[str] = frozenset()
    amounts: frozenset[tuple[str, str]] = frozenset()
    changes: frozenset[tuple[str, str]] = frozenset()
    calls: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class EquivalenceCounts:
    """Turns, those whose action changes, and what changes in them (a turn may change in several ways); they add."""

    turns: int = 0
    changed: int = 0
    intent: int = 0
    companies: int = 0
    amounts: int = 0
    changes: int = 0
    calls: int = 0

    def __add__(self, other: EquivalenceCounts) -> EquivalenceCounts:
        return EquivalenceCounts(
            self.turns + other.turns,
            self.changed + other.changed,
            self.intent + other.intent,
            self.companies + other.companies,
            self.amounts + other.amounts,
            self.changes + other.changes,
            self.calls + other.calls,
        )

    @property
    def changed_share(self) -> float | None:
        """Turns whose action changes / turns; None without turns."""
        return self.changed / self.turns if self.turns else None


def compare(reference: Action, recognized: Action) -> EquivalenceCounts:
    """One turn: the action on the reference text against the action on the transcript."""
    return EquivalenceCounts(
        turns=1,
        changed=int(reference != recognized),
        intent=int(reference.intent != recognized.intent),
        companies=int(reference.companies != recognized.companies),
        amounts=int(reference.amounts != recognized.amounts),
        changes=int(reference.changes != recognized.changes),
        calls=int(reference.calls != recognized.calls),
    )


def changed_interval(counts: Sequence[EquivalenceCounts], keys: Sequence[Hashable], *, seed: int) -> Interval | None:
    """The interval of the share that changes; keys name the turns that belong together."""
    return ratio_interval([one.changed for one in counts], [one.turns for one in counts], keys, seed=seed)
