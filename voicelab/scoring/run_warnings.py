"""Warnings about a run: figures that lack a signal or a time, and texts that its normalizer does not fit."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import replace

from voicelab.agent.catalog import WITHOUT_TOOLS
from voicelab.figures.scored_turn import TurnScore
from voicelab.runs.records import RunResult, TurnResult
from voicelab.text import Normalizer, heard_in_another_script, misfit

_NUMBER = re.compile(r"\d+")


def run_warnings(run: RunResult, turns: Sequence[TurnResult]) -> tuple[str, ...]:
    """Return a sentence for each reason why a figure of these turns may be missing or misleading."""
    return (
        *(engine.note for engine in run.engines if engine.note),
        *text_warnings(run.spec.rules, turns),
        *_missing_signals(run, turns),
        *(_unused_times(turns) if run.spec.mode == "realtime" else ()),
        *_unused_over_replies(turns),
        *run.notices,
    )


def text_warnings(rules: Normalizer, turns: Collection[TurnResult]) -> tuple[str, ...]:
    """Return a sentence for each reason why the word errors of these turns may be misleading."""
    references = [turn.text for turn in turns]
    heard = [turn.heard for turn in turns if turn.heard]
    return tuple(found for found in (misfit(rules, references), heard_in_another_script(references, heard)) if found)


def with_signals_of(run: RunResult, scores: Sequence[TurnScore]) -> list[TurnScore]:
    """Remove scores that need a signal which the run's target or agent does not send."""
    found = list(scores)
    if not _sends_entities(run):
        found = [replace(score, agent=None) for score in found]
    agent = run.engine("agent")
    if agent is not None and agent.name in WITHOUT_TOOLS:
        found = [replace(score, tool_calls=None) for score in found]
    return found


def _sends_entities(run: RunResult) -> bool:
    """Whether the target reports entities. Runs without `signals` used voicelab's own pipeline, which does."""
    return run.signals is None or "entities" in run.signals


def _missing_signals(run: RunResult, turns: Sequence[TurnResult]) -> tuple[str, ...]:
    """Return a sentence for each signal that no answered turn has; empty without answered turns."""
    answered = [turn for turn in turns if turn.status == "answered"]
    if not answered:
        return ()
    streams = bool(run.engines) or any(len(turn.partials) > 1 for turn in answered)
    signals = (
        (any(turn.heard is not None for turn in answered), "transcript", "word error rate, entity recall (heard)"),
        (any(turn.answer is not None for turn in answered), "reply text", "entity recall (answered)"),
        (any(turn.reply_file is not None for turn in answered), "audio", "response times"),
        (_sends_entities(run), "entities", "intent accuracy, companies linked"),
        (streams, "partial transcripts", "entity commit time, flicker, word error rate over time"),
    )
    return tuple(
        f"{figures}: not available, because the target sends no {signal}"
        for sent, signal, figures in signals
        if not sent
    )


def _unused_times(turns: Sequence[TurnResult]) -> tuple[str, ...]:
    answered = [turn for turn in turns if turn.status == "answered"]
    missing = [turn.response_missing for turn in answered if turn.response_s is None and turn.response_missing]
    return _unused("response times", missing, f"{len(answered)} answered turns")


def _unused_over_replies(turns: Sequence[TurnResult]) -> tuple[str, ...]:
    over = [turn.over_reply for turn in turns if turn.over_reply is not None and turn.status == "answered"]
    missing = [one.missing for one in over if one.missing is not None]
    return _unused("yield latency, yield rate, selectivity", missing, f"{len(over)} turns")


def _unused(figures: str, missing: Sequence[str], of: str) -> tuple[str, ...]:
    """Return a sentence that counts the reasons for which turns are not used; empty without any.

    Reasons that differ only in their milliseconds count as one.
    """
    if not missing:
        return ()
    reasons = Counter(_NUMBER.sub("N", reason) for reason in missing).most_common()
    counted = "; ".join(f"{count}: {reason.replace('N ms', 'over 100 ms')}" for reason, count in reasons)
    return (f"{figures}: {len(missing)} of {of} are not used ({counted})",)
