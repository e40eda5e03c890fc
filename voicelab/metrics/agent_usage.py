"""What a language model spent over the turns of a run: requests, tokens, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


class TurnUsage(Protocol):
    """What one turn's reply took; None where the server does not say."""

    @property
    def requests(self) -> int: ...

    @property
    def prompt_tokens(self) -> int | None: ...

    @property
    def completion_tokens(self) -> int | None: ...

    @property
    def cost(self) -> float | None: ...


@dataclass(frozen=True, slots=True)
class UsageTotals:
    """Sums over turns.

    turns: those answered by a language model. tokens_of, cost_of: how many of these report their tokens and their cost;
    the sums hold only those, and are None where no turn does.
    """

    turns: int
    requests: int
    prompt_tokens: int | None
    completion_tokens: int | None
    tokens_of: int
    cost: float | None
    cost_of: int


def usage_totals(usages: Sequence[TurnUsage | None]) -> UsageTotals:
    """Add up the turns; None is a turn without a language model."""
    known = [usage for usage in usages if usage is not None]
    prompt = [usage.prompt_tokens for usage in known if usage.prompt_tokens is not None]
    completion = [usage.completion_tokens for usage in known if usage.completion_tokens is not None]
    costs = [usage.cost for usage in known if usage.cost is not None]
    return UsageTotals(
        turns=len(known),
        requests=sum(usage.requests for usage in known),
        prompt_tokens=sum(prompt) if prompt else None,
        completion_tokens=sum(completion) if completion else None,
        tokens_of=min(len(prompt), len(completion)),
        cost=sum(costs) if costs else None,
        cost_of=len(costs),
    )
