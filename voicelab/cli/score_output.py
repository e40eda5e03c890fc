"""The output of `voicelab score` for systems scored under one normalizer."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.cli import terminal
from voicelab.cli.score_json import comparison, result
from voicelab.cli.scoresheet import scoresheet

if TYPE_CHECKING:
    from voicelab.analysis.score_transcripts import Score
    from voicelab.analysis.systems import SystemPair
    from voicelab.analysis.systems.intervals import RatesWithIntervals, RateWithInterval
    from voicelab.metrics.intervals import Interval

_LARGEST = 10
"""Interval ends above this rate are not printed, because they only show that there are too few speakers."""


class Output:
    """The scores of systems. reference: the file's name; form: its format."""

    def __init__(self, reference: str, form: str, scores: Mapping[str, Score]) -> None:
        self._reference, self._form, self._scores = reference, form, scores

    @cached_property
    def _pairs(self) -> list[SystemPair]:
        from voicelab.analysis.systems import compare_systems

        return compare_systems(self._scores) if len(self._scores) > 1 else []

    def show(self, *, raw: bool, align: int) -> None:
        """Print the table, the interval and the alignments of each system, then the comparisons."""
        from voicelab.analysis.systems import rates_with_intervals
        from voicelab.analysis.systems.utterances import worst
        from voicelab.cli.alignments import print_alignments
        from voicelab.text import headline_of

        for name, score in self._scores.items():
            for line in scoresheet(Path(name).name, score, raw=raw):
                terminal.echo(line)
            used = score.normalizer
            mapped = f" with word map {used.word_map[:12]}" if used.word_map is not None else ""
            rule = f"normalizer {used.name} (version {used.version}){mapped}"
            terminal.echo(f"{self._form}; weights {score.weights.name}; {rule}")
            if headline_of(used) == "cer" and not raw:
                share = score.total.characters.wer
                value = "-" if share is None else f"{100 * share:.2f} %"
                terminal.echo(f"CER {value}: the headline figure of this language")
            rates = rates_with_intervals(score)
            terminal.echo(rate_line(rates.total))
            if score.classes:
                _show_classes(score, rates)
            print_alignments(score, worst(score, align))
        for pair in self._pairs:
            _show_pair(pair, several=len(self._pairs) > 1)

    def document(self, notices: list[str]) -> dict[str, Any]:
        """The document for --json."""
        results = [result(system, score, utterances=True) for system, score in self._scores.items()]
        document: dict[str, Any] = {"format_version": 1, "reference": self._reference, "format": self._form}
        document["notices"] = notices
        document |= results[0] if len(results) == 1 else {"results": results}
        if self._pairs:
            document["comparisons"] = [comparison(pair) for pair in self._pairs]
        return document

    def write_utterances(self, path: Path) -> None:
        from voicelab.analysis.systems.utterances import write_utterances

        write_utterances(path, self._scores)

    def write_page(self, path: Path) -> None:
        from voicelab.analysis.score_page import write_score_page

        write_score_page(path, self._reference, self._form, self._scores, self._pairs)


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
    value = "-" if rate.wer is None else f"{100 * rate.wer:.2f} %"
    return value, rate.note or "-" if rate.interval is None else _ends(rate.interval)


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
    from voicelab.metrics.significance import p_text

    columns = ("test", "from", "p", *(("p (Holm)",) if several else ()))
    rows = [
        (test.name, test.basis, p_text(test.p_value), *((p_text(test.holm),) if several else ())) for test in pair.tests
    ]
    terminal.echo()
    terminal.table(f"do {pair.first} and {pair.second} make the same number of word errors?", columns, rows)
    terminal.echo(difference_line(pair))


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
