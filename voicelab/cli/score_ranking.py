"""The output of `voicelab score --normalizer all`: the order of the systems under every normalizer."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from voicelab.cli import terminal
from voicelab.cli.score_json import result

if TYPE_CHECKING:
    from voicelab.analysis.score_transcripts import Score


Scores = Mapping[str, Mapping[str, "Score"]]
"""Scores by system, then by name of normalizer."""


def show_ranking(scores: Scores) -> None:
    """Print the systems' order under every normalizer."""
    from voicelab.analysis.score_transcripts import flips

    rates = _rates(scores)
    rows = []
    for spelling, row in rates.items():
        version = next(iter(scores.values()))[spelling].normalizer.version
        order = sorted(row, key=lambda system: (row[system] is None, row[system]))
        shares = (f"{system} {terminal.percent(row[system])}" for system in order)
        rows.append((f"{spelling} (version {version})", ", ".join(shares)))
    terminal.table("WER under every normalizer, the best system first", ("normalizer", "systems"), rows)
    if len(scores) > 1:
        found = flips(rates)
        for flip in found:
            one, other = flip.systems
            first, second = flip.normalizers
            better = one if (rates[first][one] or 0.0) < (rates[first][other] or 0.0) else other
            worse = other if better == one else one
            terminal.echo(f"the ranking flips: {better} is better under {first}, {worse} under {second}")
        if not found:
            terminal.echo("the ranking is the same under every normalizer")


def ranking_document(reference: str, form: str, scores: Scores, notices: Sequence[str]) -> dict[str, Any]:
    from voicelab.analysis.score_transcripts import flips

    document: dict[str, Any] = {"format_version": 1, "reference": reference, "format": form, "notices": [*notices]}
    document["results"] = [result(system, one) for system, by_rule in scores.items() for one in by_rule.values()]
    document["flips"] = [{"systems": flip.systems, "normalizers": flip.normalizers} for flip in flips(_rates(scores))]
    return document


def _rates(scores: Scores) -> dict[str, dict[str, float | None]]:
    spellings = next(iter(scores.values()))
    return {one: {system: row[one].total.words.wer for system, row in scores.items()} for one in spellings}
