"""The tables of a comparison: words, differences with their intervals, tests, flipped samples, speed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from voicelab.analysis.compare.pair import RunPair
from voicelab.analysis.compare.systems import System, read_all
from voicelab.figures.outside import table_with
from voicelab.figures.table import FIGURES, Table
from voicelab.metrics.intervals import Interval, ratio_interval
from voicelab.metrics.latency import quantiles
from voicelab.metrics.significance import holm
from voicelab.metrics.words import WordCounts
from voicelab.report.frames import data_frame
from voicelab.runs.checking import checked
from voicelab.runs.records import Draws, Seed
from voicelab.scoring.intervals import Clusters
from voicelab.text import Normalizer, WordMap
from voicelab.text.plural import counted

if TYPE_CHECKING:
    import pandas as pd

Rows = list[dict[str, Any]]
TESTS = ("MAPSSWE", "McNemar", "t", "Sign", "Wilcoxon")


class _Resampling(BaseModel):
    """Options of the intervals."""

    seed: Seed
    draws: Draws


@dataclass(frozen=True)
class Comparison:
    """A comparison of two or more runs. All intervals use the same seed and number of resamples."""

    systems: tuple[System, ...]
    rules: Normalizer
    weights: str
    seed: int
    draws: int
    table: Table

    def __repr__(self) -> str:
        names = ", ".join(one.name for one in self.systems)
        return f"Comparison of {names}: {counted(len(self.systems[0].turns), 'sample')}"

    def _repr_html_(self) -> str:
        from voicelab.analysis.compare.page import render_cell

        return render_cell(self)

    def each_pair(self) -> list[RunPair]:
        return self._each_pair

    @cached_property
    def _each_pair(self) -> list[RunPair]:
        """Kept, because a pair keeps its differences, which several tables show."""
        return [
            RunPair(first, second, self.seed, self.draws, self.table) for first, second in combinations(self.systems, 2)
        ]

    def words(self) -> pd.DataFrame:
        """`word_rows` as a table."""
        return data_frame(self.word_rows())

    def word_rows(self) -> Rows:
        """One row per run: WER with its 95 % interval, the scored and unscored samples, and the failures."""
        rows = []
        for one in self.systems:
            counts = one.counts.values()
            total = sum(counts, WordCounts())
            keys = Clusters.of([one.turns[key] for key in one.counts]).keys
            errors, words = [each.errors for each in counts], [each.reference_words for each in counts]
            low, high = _bounds(ratio_interval(errors, words, keys))
            rows.append({
                "run": one.name, "recognizer": one.run.recognizer, "WER": total.wer, "low": low, "high": high,
                "substitutions": total.substitutions, "deletions": total.deletions, "insertions": total.insertions,
                "reference words": total.reference_words, "scored": len(one.counts),
                "not scored": len(one.turns) - len(one.counts),
            })  # fmt: skip
        return rows

    def pairs(self) -> pd.DataFrame:
        """`pair_rows` as a table."""
        return data_frame(self.pair_rows())

    def pair_rows(self) -> Rows:
        """One row per pair of runs and figure: both values, and the absolute and relative difference with intervals."""
        rows = []
        for pair in self.each_pair():
            for one in pair.differences():
                found = one.found
                low, high = _bounds(found.interval)
                relative_low, relative_high = _bounds(found.relative_interval)
                rows.append({
                    "first": pair.first.name, "second": pair.second.name, "figure": one.name,
                    "first value": found.first, "second value": found.second, "difference": found.difference,
                    "low": low, "high": high, "relative": found.relative, "relative low": relative_low,
                    "relative high": relative_high, "samples": found.samples, "drawn by": one.unit,
                    "method": found.interval.method if found.interval else None, "p": found.p_value,
                    "note": one.note, "no interval": found.refused.text(one.unit) if found.refused else None,
                    "no relative interval":
                        found.relative_refused.text(one.unit) if found.relative_refused else None,
                })  # fmt: skip
        return rows

    def tests(self) -> pd.DataFrame:
        """`test_rows` as a table."""
        return data_frame(self.test_rows())

    def test_rows(self) -> Rows:
        """One row per pair of runs and test of equal word errors; `Holm` is p adjusted for the number of pairs.

        `t`, `Sign` and `Wilcoxon` use each speaker (conversation, sample) as one observation. MAPSSWE and McNemar treat
        segments and samples as independent, which those of one speaker are not.
        """
        rows: Rows = []
        for pair in self.each_pair():
            matched, sentences, ranks, signs = pair.matched, pair.sentences, pair.ranks, pair.signs
            by_cluster = pair.difference(FIGURES["wer"]).found
            rows.append({
                "first": pair.first.name, "second": pair.second.name, "segments": matched.segments,
                "mean": matched.mean, "sd": matched.sd, "Z": matched.z, "MAPSSWE p": matched.p_value,
                "only first right": sentences.only_first, "only second right": sentences.only_second,
                "McNemar p": sentences.p_value, "by": pair.ranked_by, "t p": by_cluster.p_value,
                "clusters": by_cluster.interval.clusters if by_cluster.interval else None,
                "lower in first": signs.positive, "lower in second": signs.negative, "equal": signs.equal,
                "Sign p": signs.p_value, "ranked": f"{ranks.pairs} {pair.ranked_by}s that differ",
                "Wilcoxon p": ranks.p_value,
            })  # fmt: skip
        for test in TESTS:
            for row, adjusted in zip(rows, holm([row[f"{test} p"] for row in rows]), strict=True):
                row[f"{test} Holm"] = adjusted
        return rows

    def flipped(self) -> pd.DataFrame:
        """`flip_rows` as a table."""
        return data_frame(self.flip_rows(), ["sample", "right in", "wrong in", "said", "heard right", "heard wrong"])

    def flip_rows(self) -> Rows:
        """Samples without word errors in only one run of a pair, with the reference and the hypotheses."""
        return [row for pair in self.each_pair() for row in pair.flips()]

    def speed(self) -> pd.DataFrame:
        """`speed_rows` as a table."""
        return data_frame(self.speed_rows())

    def speed_rows(self) -> Rows:
        """One row per run: load time, and quantiles of the recognizer's time without the cold turn."""
        rows = []
        for one in self.systems:
            warm = [turn for turn in one.turns.values() if not turn.cold]
            rtf = quantiles(turn.rtf for turn in warm if turn.rtf is not None)
            asr_s = quantiles(turn.asr_s for turn in warm if turn.asr_s is not None)
            text_s = quantiles(turn.transcript_s for turn in warm if turn.transcript_s is not None)
            asr = one.run.engine("asr")
            rows.append({
                "run": one.name, "mode": one.run.spec.mode, "load_s": asr.load_s if asr is not None else None,
                "n": rtf.n, "rtf p50": rtf.p50_s, "rtf p95": rtf.p95_s,
                "asr_s p50": asr_s.p50_s, "asr_s p95": asr_s.p95_s, "transcript_s p50": text_s.p50_s,
                "transcript_s p95": text_s.p95_s,
            })  # fmt: skip
        return rows

    def disagreements(self) -> pd.DataFrame:
        """Samples with different transcripts, those with the most errors first: each run's transcript and errors."""
        rows = []
        counts, turns = [one.counts for one in self.systems], [one.turns for one in self.systems]
        for key in self.disagreeing():
            errors = [each[key].errors if key in each else None for each in counts]
            row = {"sample": key, "said": turns[0][key].text, "errors": sum(each or 0 for each in errors)}
            heard = {one.name: each[key].heard for one, each in zip(self.systems, turns, strict=True)}
            rows.append(row | {name: "(failed)" if text is None else text for name, text in heard.items()})
        columns = ["sample", "said", "errors", *(one.name for one in self.systems)]
        return data_frame(rows, columns).sort_values("errors", ascending=False, kind="stable")

    def disagreeing(self) -> list[str]:
        """The samples with different transcripts, as normalized words."""
        return [key for key in self.systems[0].scores if len({one.words_heard(key) for one in self.systems}) > 1]


def compare(
    folders: Sequence[Path],
    *,
    rules: str | None = None,
    word_map: WordMap | None = None,
    weights: str = "minimal",
    seed: int = 0,
    draws: int = 2000,
    figures: Iterable[Any] = (),
) -> Comparison:
    """Read finished runs for a comparison; raise InputError with the reason if they cannot be compared.

    rules: the normalizer for all runs; None: the one that all runs used. word_map: applied before the normalizer,
    instead of the runs' own. weights: minimal or sclite, the alignment weights for counts and tests. figures: further
    figures (`figures.outside.table_with`).
    """
    checked(_Resampling, {"seed": "--seed", "draws": "--draws"}, seed=seed, draws=draws)
    systems, chosen = read_all(folders, rules, weights, word_map)
    return Comparison(systems, chosen, weights, seed, draws, table_with(figures))


def _bounds(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)
