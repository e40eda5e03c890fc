"""Warnings about figures that need a signal that the target does not send."""

from collections.abc import Sequence
from dataclasses import replace

from voicelab.figures.scored_turn import TurnScore
from voicelab.runs.records import RunResult, TurnResult
from voicelab.scoring.tool_calls import may_call_tools


def sends_entities(run: RunResult) -> bool:
    """Whether the target reports entities. Runs without `signals` used voicelab's own pipeline, which does."""
    return run.signals is None or "entities" in run.signals


def with_signals_of(run: RunResult, scores: Sequence[TurnScore]) -> list[TurnScore]:
    """Remove scores that need a signal which the run's target or agent does not send."""
    found = list(scores)
    if not sends_entities(run):
        found = [replace(score, agent=None) for score in found]
    if not may_call_tools(run):
        found = [replace(score, tool_calls=None) for score in found]
    return found


def missing_signals(run: RunResult, turns: Sequence[TurnResult]) -> tuple[str, ...]:
    """Return a sentence for each signal that no answered turn has; empty without answered turns."""
    answered = [turn for turn in turns if turn.status == "answered"]
    if not answered:
        return ()
    streams = bool(run.engines) or any(len(turn.partials) > 1 for turn in answered)
    signals = (
        (any(turn.heard is not None for turn in answered), "transcript", "word error rate, entity recall (heard)"),
        (any(turn.answer is not None for turn in answered), "reply text", "entity recall (answered)"),
        (any(turn.reply_file is not None for turn in answered), "audio", "response times"),
        (sends_entities(run), "entities", "intent accuracy, companies linked"),
        (streams, "partial transcripts", "entity commit time, flicker, word error rate over time"),
    )
    return tuple(
        f"{figures}: not available, because the target sends no {signal}"
        for sent, signal, figures in signals
        if not sent
    )
