"""`voicelab equivalence`: compare the agent's actions on the transcripts and on the reference texts."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from voicelab.scoring.counterfactual_file import CounterfactualTurn


def equivalence(
    run: options.RunArgument,
    agent: Annotated[str | None, options.agent_option(help="Use this agent instead of the run's own.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Print the share of turns whose action changes because of recognition errors, beside WER.

    The agent is run on each turn's reference text and on its transcript, after the same dialogue. An action is the
    intent, the companies, the amounts, the watchlist changes and the tool calls. Each sample counts once.

    Example: voicelab equivalence reports/RUN
    """
    from voicelab.analysis.score_transcripts import rule
    from voicelab.metrics.equivalence import EquivalenceCounts, changed_interval
    from voicelab.metrics.words import WordCounts, count
    from voicelab.runs.records import RunFolder
    from voicelab.scoring.counterfactual import agent_of, tool_equivalence

    folder = RunFolder(run)
    result = folder.read()
    taken = folder.turns()
    primary = {turn.key: turn for turn in taken if turn.primary}
    replayed = [one for one in tool_equivalence(taken, agent_of(result, agent)) if one.key in primary]
    if not replayed:
        raise InputError(f"{run}: none of its turns has a transcript")
    counts = [one.counts for one in replayed]
    total = sum(counts, EquivalenceCounts())
    by_speaker = len({primary[one.key].speaker for one in replayed} - {None}) > 1
    turns = [primary[one.key] for one in replayed]
    keys = [(by_speaker and turn.speaker) or turn.scenario_id or turn.key for turn in turns]
    interval = changed_interval(counts, keys)
    unit = "speaker" if by_speaker else "conversation"
    document = {
        "format_version": 1,
        "run_id": result.run_id,
        "normalizer": rule(result.spec.rules),
        "counts": asdict(total),
        "changed_share": total.changed_share,
        "interval": (asdict(interval) | {"unit": unit}) if interval else None,
        "wer": sum((count(one.text, one.heard, result.spec.rules) for one in replayed), WordCounts()).wer,
        "skipped": len(primary) - len(replayed),
        "changed": [one.key for one in replayed if one.counts.changed],
    }
    if as_json:
        terminal.print_json(document)
    else:
        _show(document, replayed, result.spec.rules.label)


def _show(document: dict[str, Any], replayed: list[CounterfactualTurn], normalizer: str) -> None:
    counts, interval, wer = document["counts"], document["interval"], document["wer"]
    sure = f"{100 * interval['low']:.1f} to {100 * interval['high']:.1f} %, by {interval['unit']}" if interval else "-"
    share = f"{100 * (document['changed_share'] or 0.0):.1f} %"
    rows = [
        ("turns whose action changes", share, f"{counts['changed']} of {counts['turns']}; {sure}"),
        ("... the intent", str(counts["intent"]), ""),
        ("... the companies", str(counts["companies"]), ""),
        ("... the amounts", str(counts["amounts"]), ""),
        ("... the changes to the watchlist", str(counts["changes"]), ""),
        ("... the tool calls", str(counts["calls"]), ""),
        ("WER of the same turns", terminal.percent(wer, ".1f"), f"normalizer {normalizer}"),
    ]
    terminal.table(f"run {document['run_id']}: tool equivalence", ("figure", "value", "counts; 95 % interval"), rows)
    if document["skipped"]:
        terminal.warn(f"left out: {counted(document['skipped'], 'turn')} that failed before recognition")
    for one in replayed:
        if one.counts.changed:
            terminal.echo(f"{one.key}: {one.text!r} recognized as {one.heard!r}")
