"""`voicelab equivalence`: compare the agent's actions on the transcripts and on the reference texts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.cli import completion, terminal
from voicelab.cli.run_options import RunArgument

if TYPE_CHECKING:
    from voicelab.metrics.equivalence import EquivalenceCounts
    from voicelab.metrics.intervals import Interval
    from voicelab.runs.records import RunResult, TurnResult
    from voicelab.scoring.counterfactual_file import CounterfactualTurn


def equivalence(
    run: RunArgument,
    agent: Annotated[
        str | None, typer.Option(help="Use this agent instead of the run's own.", autocompletion=completion.agents)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print the share of turns whose action changes because of recognition errors, beside WER.

    The agent is run on each turn's reference text and on its transcript, after the same dialogue. An action is the
    intent, the companies, the amounts, the watchlist changes and the tool calls. Each sample counts once.

    Example: voicelab equivalence reports/RUN
    """
    with terminal.errors():
        from voicelab.errors import InputError
        from voicelab.metrics.equivalence import EquivalenceCounts, changed_interval
        from voicelab.runs.records import RunFolder
        from voicelab.scoring.counterfactual import agent_of, last_taken, tool_equivalence

        folder = RunFolder(run)
        result = folder.read()
        taken = last_taken(folder.turns())
        counted = {turn.key: turn for turn in taken if turn.primary}
        replayed = [one for one in tool_equivalence(taken, agent_of(result, agent)) if one.key in counted]
        if not replayed:
            raise InputError(f"{run}: none of its turns has a transcript")
        counts = [one.counts for one in replayed]
        total = sum(counts, EquivalenceCounts())
        by_speaker = len({counted[one.key].speaker for one in replayed} - {None}) > 1
        keys = [_cluster(counted[one.key], by_speaker=by_speaker) for one in replayed]
        interval = changed_interval(counts, keys)
        unit = "speaker" if by_speaker else "conversation"
        if as_json:
            typer.echo(_json(result, replayed, total, interval, unit, len(counted) - len(replayed)))
        else:
            _show(result, replayed, total, interval, unit, len(counted) - len(replayed))


def _cluster(turn: TurnResult, *, by_speaker: bool) -> str:
    return (by_speaker and turn.speaker) or turn.scenario_id or turn.key


def _wer(run: RunResult, replayed: list[CounterfactualTurn]) -> float | None:
    from voicelab.metrics.words import WordCounts, count

    rule = run.spec.rules
    return sum((count(one.text, one.heard, rule) for one in replayed), WordCounts()).wer


def _show(
    run: RunResult,
    replayed: list[CounterfactualTurn],
    total: EquivalenceCounts,
    interval: Interval | None,
    unit: str,
    skipped: int,
) -> None:
    share = total.changed_share or 0.0
    sure = f"{100 * interval.low:.1f} to {100 * interval.high:.1f} %, by {unit}" if interval else "-"
    wer = _wer(run, replayed)
    rows = [
        ("turns whose action changes", f"{100 * share:.1f} %", f"{total.changed} of {total.turns}; {sure}"),
        ("... the intent", str(total.intent), ""),
        ("... the companies", str(total.companies), ""),
        ("... the amounts", str(total.amounts), ""),
        ("... the changes to the watchlist", str(total.changes), ""),
        ("... the tool calls", str(total.calls), ""),
        ("WER of the same turns", "-" if wer is None else f"{100 * wer:.1f} %", f"normalizer {run.spec.rules.label}"),
    ]
    terminal.table(f"run {run.run_id}: tool equivalence", ("figure", "value", "counts; 95 % interval"), rows)
    if skipped:
        terminal.warn(f"{skipped} turns failed before recognition and are left out")
    for one in replayed:
        if one.counts.changed:
            typer.echo(f"{one.key}: {one.text!r} recognized as {one.heard!r}")


def _json(
    run: RunResult,
    replayed: list[CounterfactualTurn],
    total: EquivalenceCounts,
    interval: Interval | None,
    unit: str,
    skipped: int,
) -> str:
    from dataclasses import asdict

    from voicelab.analysis.score_transcripts import rule

    document = {
        "format_version": 1,
        "run_id": run.run_id,
        "normalizer": rule(run.spec.rules),
        "counts": asdict(total),
        "changed_share": total.changed_share,
        "interval": (asdict(interval) | {"unit": unit}) if interval else None,
        "wer": _wer(run, replayed),
        "skipped": skipped,
        "changed": [one.key for one in replayed if one.counts.changed],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)
