"""What the language model spent on a turn, where its server reports it: tokens, and cost in the server's currency."""

from __future__ import annotations

from voicelab.figures.figure import Counts, Figure
from voicelab.figures.scored_turn import TurnScore


def _tokens(score: TurnScore) -> Counts | None:
    usage = score.turn.usage
    if usage is None or usage.prompt_tokens is None or usage.completion_tokens is None:
        return None
    return {"spent": usage.prompt_tokens + usage.completion_tokens, "turns": 1}


def _cost(score: TurnScore) -> Counts | None:
    usage = score.turn.usage
    return None if usage is None or usage.cost is None else {"spent": usage.cost, "turns": 1}


def _per_turn(counts: Counts) -> float | None:
    """A mean and no Ratio: an interval for rates of events would not fit amounts."""
    return counts["spent"] / counts["turns"] if counts["turns"] else None


FIGURES = (
    Figure(
        name="tokens_per_turn",
        title="tokens of the language model per turn",
        short="tokens",
        better="lower",
        unit="number",
        group="other",
        counts=_tokens,
        value=_per_turn,
        least=0.0,
        only_with_evidence=True,
        shown_in=("report",),
    ),
    Figure(
        name="cost_per_turn",
        title="cost of the language model per turn, in its server's currency",
        short="cost",
        better="lower",
        unit="number",
        group="other",
        counts=_cost,
        value=_per_turn,
        least=0.0,
        only_with_evidence=True,
        shown_in=("report",),
    ),
)
