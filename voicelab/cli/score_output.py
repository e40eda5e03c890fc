"""The output of `voicelab score` for systems scored under one normalizer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.cli import terminal
from voicelab.cli.scoresheet import scoresheet
from voicelab.text import headline_of

if TYPE_CHECKING:
    from voicelab.analysis.score_transcripts import Score
    from voicelab.analysis.systems import SystemPair
    from voicelab.analysis.systems.intervals import RatesWithIntervals, RateWithInterval
    from voicelab.metrics.intervals import Interval

_LARGEST = 10
"""Interval ends above this rate are not printed, because they only show that there are too few speakers."""


def show_scores(scores: Mapping[str, Score], pairs: Sequence[SystemPair], form: str, *, raw: bool, align: int) -> None:
    """Print the table, the interval and the alignments of each system, then the comparisons. form: the format."""
    from voicelab.analysis.systems import rates_with_intervals
    from voicelab.analysis.systems.utterances import worst
    from voicelab.cli.alignments import print_alignments

    for name, score in scores.items():
        for line in scoresheet(Path(name).name, score, raw=raw):
            terminal.echo(line)
        used = score.normalizer
        mapped = f" with word map {used.word_map[:12]}" if used.word_map is not None else ""
        rule = f"normalizer {used.name} (version {used.version}){mapped}"
        terminal.echo(f"{form}; weights {score.weights.name}; {rule}")
        if headline_of(used) == "cer" and not raw:
            terminal.echo(f"CER {terminal.percent(score.total.characters.wer)}: the headline figure of this language")
        rates = rates_with_intervals(score)
        terminal.echo(rate_line(rates.total))
        if score.classes:
            _show_classes(score, rates)
        print_alignments(score, worst(score, align))
    for pair in pairs:
        _show_pair(pair, several=len(pairs) > 1)


def _show_classes(score: Score, rates: RatesWithIntervals) -> None:
    from voicelab.metrics.words import WordCounts

    rows = []
    for kind, counts in score.classes.items():
        words = sum(counts, WordCounts())
        numbers = (words.reference_words, words.substitutions, words.deletions, words.insertions)
        rows.append((kind, *map(str, numbers), *_rate_cells(rates.classes[kind])))
    terminal.echo()
    terminal.table("word errors by entity class", ("class", "words", "sub", "del", "ins", "WER", "95 % interval"), rows)


def _rate_cells(rate: RateWithInterval) -> tuple[str, str]:
    return terminal.percent(rate.wer), rate.note or "-" if rate.interval is None else _ends(rate.interval)


def _ends(interval: Interval) -> str:
    high = f"{100 * interval.high:.2f}" if interval.high <= _LARGEST else f"over {100 * _LARGEST}"
    return f"[{100 * interval.low:.2f}, {high}]"


def rate_line(rate: RateWithInterval) -> str:
    """A rate with its interval, in one line."""
    if rate.wer is None:
        return "WER -: there are no reference words"
    value = f"WER {100 * rate.wer:.2f} %"
    if rate.interval is None:
        return f"{value}; no 95 % interval: {rate.note}"
    note = f"; {rate.note}" if rate.note else ""
    how = f"95 % interval by {rate.unit} ({rate.interval.clusters}), {rate.interval.method}"
    return f"{value} {_ends(rate.interval)}: {how}{note}"


def _show_pair(pair: SystemPair, *, several: bool) -> None:
    terminal.echo()
    rows = [(test.name, test.basis, test.p_value, test.holm) for test in pair.tests]
    show_tests(pair.first, pair.second, rows, several=several)
    terminal.echo(difference_line(pair))


def show_tests(
    first: str, second: str, tests: Iterable[tuple[str, str, float | None, float | None]], *, several: bool
) -> None:
    """Print tests of two systems: name, basis, p and, with several pairs, p adjusted by Holm."""
    from voicelab.metrics.significance import p_text

    columns = ("test", "from", "p", "p (Holm)")[: 3 + several]
    rows = [(name, basis, *map(p_text, p_values[: 1 + several])) for name, basis, *p_values in tests]
    terminal.table(f"do {first} and {second} make the same number of word errors?", columns, rows)


def difference_line(pair: SystemPair) -> str:
    """The difference of two systems' WER with its interval, in one line."""
    found = pair.difference
    if found.difference is None:
        return "WER difference -: there are no reference words"
    value = f"WER difference {100 * found.difference:+.2f} points"
    if found.interval is None:
        return f"{value}; no 95 % interval: {pair.note}"
    ends = f"[{100 * found.interval.low:+.2f}, {100 * found.interval.high:+.2f}]"
    note = f"; {pair.note}" if pair.note else ""
    return f"{value} {ends}: 95 % interval by {pair.unit} ({found.interval.clusters}), {found.interval.method}{note}"
