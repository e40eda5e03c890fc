"""Tokens and cost of the language model per turn, if its server reports them; cost in the server's currency."""

from collections.abc import Callable

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
    """Return the mean. Not a Ratio: intervals for rates of events do not apply to amounts."""
    return counts["spent"] / counts["turns"] if counts["turns"] else None


def _amount(name: str, title: str, short: str, counts: Callable[[TurnScore], Counts | None]) -> Figure:
    return Figure(
        name=name,
        title=title,
        short=short,
        better="lower",
        unit="number",
        group="other",
        counts=counts,
        value=_per_turn,
        least=0.0,
        only_with_evidence=True,
        shown_in=("report",),
    )


FIGURES = (
    _amount("tokens_per_turn", "tokens of the language model per turn", "tokens", _tokens),
    _amount("cost_per_turn", "cost of the language model per turn, in its server's currency", "cost", _cost),
)
