"""Runs on the same samples, side by side: words, how sure the differences are, speed, and where they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import pandas as pd

from voicelab.errors import InputError
from voicelab.metrics.intervals import Interval, ratio_interval
from voicelab.metrics.latency import quantiles
from voicelab.metrics.paired import PairedDifference, paired_difference
from voicelab.metrics.words import WordCounts, align, counts_of
from voicelab.results import RunFolder, RunResult, TurnResult
from voicelab.text import Normalizer, normalizer


@dataclass(frozen=True, slots=True)
class Contender:
    """One run: its primary turns by sample, and the word counts of those that could be scored."""

    run: RunResult
    turns: dict[str, TurnResult]
    counts: dict[str, WordCounts]

    @property
    def name(self) -> str:
        return self.run.run_id

    @property
    def recognizer(self) -> str:
        used = [engine for engine in self.run.engines if engine.kind == "asr"]
        return f"{used[0].name} ({used[0].revision}, {used[0].device})" if used else str(self.run.spec.asr)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two runs or more. All intervals come from one seed and number of draws."""

    contenders: tuple[Contender, ...]
    rules: Normalizer
    seed: int
    draws: int

    def words(self) -> pd.DataFrame:
        """A row for each run: WER with its 95 % interval, what it was computed from, and what failed."""
        rows = []
        for one in self.contenders:
            total = sum(one.counts.values(), WordCounts())
            low, high = _bounds(self._interval(one))
            rows.append({
                "run": one.name, "recognizer": one.recognizer, "WER": total.wer, "low": low, "high": high,
                "substitutions": total.substitutions, "deletions": total.deletions, "insertions": total.insertions,
                "reference words": total.reference_words, "scored": len(one.counts),
                "not scored": len(one.turns) - len(one.counts),
            })  # fmt: skip
        return pd.DataFrame(rows)

    def pairs(self) -> pd.DataFrame:
        """A row for each two runs: WER of the second minus the first, its interval, and the matched-pairs p-value."""
        rows = []
        for first, second in combinations(self.contenders, 2):
            found = self.difference(first, second)
            low, high = _bounds(found.interval)
            rows.append({
                "first": first.name, "second": second.name, "WER difference": found.difference, "low": low,
                "high": high, "p": found.p_value, "samples": found.samples,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def difference(self, first: Contender, second: Contender) -> PairedDifference:
        """Over the samples that both could score."""
        shared = [key for key in first.counts if key in second.counts]
        return paired_difference(
            [first.counts[key] for key in shared],
            [second.counts[key] for key in shared],
            _clusters([first.turns[key] for key in shared]),
            seed=self.seed,
            draws=self.draws,
        )

    def speed(self) -> pd.DataFrame:
        """A row for each run: load time, and quantiles of the recognizer's work, without the first, cold turn."""
        rows = []
        for one in self.contenders:
            warm = [turn for turn in one.turns.values() if not turn.cold]
            rtf = quantiles(turn.rtf for turn in warm if turn.rtf is not None)
            asr_s = quantiles(turn.asr_s for turn in warm if turn.asr_s is not None)
            text_s = quantiles(turn.transcript_s for turn in warm if turn.transcript_s is not None)
            load_s = next((engine.load_s for engine in one.run.engines if engine.kind == "asr"), None)
            rows.append({
                "run": one.name, "mode": one.run.spec.mode, "load_s": load_s, "n": rtf.n, "rtf p50": rtf.p50_s,
                "rtf p95": rtf.p95_s, "asr_s p50": asr_s.p50_s, "asr_s p95": asr_s.p95_s,
                "transcript_s p50": text_s.p50_s, "transcript_s p95": text_s.p95_s,
            })  # fmt: skip
        return pd.DataFrame(rows)

    def disagreements(self) -> pd.DataFrame:
        """The samples that not all heard alike, those with the most errors first: what each heard, and its errors."""
        rows = []
        for key, turn in self.contenders[0].turns.items():
            heard = [one.turns[key].heard for one in self.contenders]
            words = {tuple(self.rules.words(text)) if text is not None else None for text in heard}
            if len(words) > 1:
                errors = [one.counts[key].errors if key in one.counts else None for one in self.contenders]
                row = {"sample": key, "said": turn.text, "errors": sum(each or 0 for each in errors)}
                named = zip(self.contenders, heard, strict=True)
                rows.append(row | {one.name: "(failed)" if text is None else text for one, text in named})
        columns = ["sample", "said", "errors", *(one.name for one in self.contenders)]
        return pd.DataFrame(rows, columns=columns).sort_values("errors", ascending=False, kind="stable")

    def _interval(self, one: Contender) -> Interval | None:
        keys = _clusters([one.turns[key] for key in one.counts])
        counts = list(one.counts.values())
        errors, words = [each.errors for each in counts], [each.reference_words for each in counts]
        return ratio_interval(errors, words, keys, seed=self.seed, draws=self.draws)


def compare(folders: Sequence[Path], *, rules: str = "english", seed: int = 0, draws: int = 2000) -> Comparison:
    """Read finished runs; InputError when there are fewer than two, or when they did not hear the same samples."""
    if len(folders) < 2:
        raise InputError("name two runs or more; a run is a folder that voicelab evaluate left")
    chosen = normalizer(rules)
    contenders = tuple(_read(RunFolder(folder), chosen) for folder in folders)
    if len({one.name for one in contenders}) < len(contenders):
        raise InputError("a run was named twice; name each once")
    first = contenders[0]
    for other in contenders[1:]:
        if other.run.samples_sha256 != first.run.samples_sha256 or set(other.turns) != set(first.turns):
            raise InputError(f"{first.name} and {other.name} did not hear the same samples; evaluate both on one set")
    return Comparison(contenders, chosen, seed, draws)


def _read(folder: RunFolder, rules: Normalizer) -> Contender:
    run = folder.read()
    if run.status != "finished":
        raise InputError(
            f"{folder.path}: this run is {run.status}, not finished; take it up: voicelab evaluate --resume"
        )
    turns = {turn.sample_id: turn for turn in folder.turns() if turn.primary}
    counts = {
        key: counts_of(align(turn.text, turn.heard, rules)) for key, turn in turns.items() if turn.heard is not None
    }
    return Contender(run, turns, counts)


def _clusters(turns: Sequence[TurnResult]) -> list[str]:
    """Speakers where every turn names one and there are two or more, else samples."""
    speakers = [turn.speaker for turn in turns if turn.speaker is not None]
    if len(speakers) == len(turns) and len(set(speakers)) >= 2:
        return speakers
    return [turn.sample_id for turn in turns]


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)
