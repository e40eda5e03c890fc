"""Percentiles of a language model's time to first token, over answered turns that are not cold."""

from __future__ import annotations

from voicelab.figures.figure import p50_and_p95
from voicelab.figures.scored_turn import TurnScore


def _first_token_s(score: TurnScore) -> float | None:
    usage = score.turn.usage
    return usage.first_token_s if score.timed and usage is not None else None


FIGURES = p50_and_p95("first_token_s", "first token of the language model", "first token", _first_token_s, ("report",))
