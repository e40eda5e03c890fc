"""A run as an object, with its figures, turns and report, and the comparison of runs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.analysis.api.measured import Figures
from voicelab.analysis.compare import Comparison
from voicelab.analysis.compare import compare as compare_folders
from voicelab.errors import InputError
from voicelab.report import cells, tables
from voicelab.report.finish import finish
from voicelab.report.provenance import provenance
from voicelab.runs.records import RunFolder, RunResult
from voicelab.scoring import summary_file
from voicelab.scoring.scored_run import ScoredRun, read_scored
from voicelab.scoring.summary import summarize

if TYPE_CHECKING:
    import pandas as pd

REPORT = "report.html"


@dataclass(frozen=True, repr=False, eq=False)
class Run:
    """A run on disk. folder: its folder. extra_figures: additional figures that were requested with it.

    For compatibility with earlier versions, it can be unpacked as (RunFolder, RunResult).
    """

    folder: Path
    extra_figures: tuple[Any, ...] = ()

    @property
    def id(self) -> str:
        """The run's id: the name of its folder."""
        return self.folder.name

    @property
    def records(self) -> RunFolder:
        """The files of the run."""
        return RunFolder(self.folder)

    @cached_property
    def result(self) -> RunResult:
        """The run's record: specification, engines, packages, machine, state."""
        return self.records.read()

    @cached_property
    def summary(self) -> Figures:
        """The figures with their 95 % intervals, from summary.json or, if missing there, computed."""
        file = self.folder / summary_file.FILE_NAME
        if not self.extra_figures and file.is_file():
            return Figures(summary_file.read(file))
        return Figures(summarize(self.folder, self.extra_figures))

    @cached_property
    def turns(self) -> pd.DataFrame:
        """A DataFrame with a row for each turn: run_id, asr, agent, tts, condition, seed, and the turn's fields."""
        frame = tables.turns_frame(self._scored.scores)
        for place, (name, value) in enumerate(self.described().items()):
            frame.insert(place, name, value)
        return frame

    def described(self) -> dict[str, Any]:
        """The run's parameters: run_id, asr, agent, tts, condition, seed."""
        spec = self.result.spec
        loaded = {engine.kind: engine.name for engine in self.result.engines}
        named = {"asr": spec.asr, "agent": spec.agent, "tts": spec.tts}
        engines = {kind: named[kind] or loaded.get(kind) for kind in named}
        condition = spec.condition.label if spec.condition is not None else None
        return {"run_id": self.result.run_id, **engines, "condition": condition, "seed": spec.seed}

    def report(self) -> Path:
        """Return the path of report.html. A missing report is written first."""
        path = self.folder / REPORT
        if not path.is_file():
            finish(self.records, self.extra_figures)
        return path

    def resume(self, **objects: Any) -> Run:
        """Continue this run where it stopped, like `voicelab.resume` with the same objects."""
        from voicelab.analysis.api.evaluating import resume

        return resume(self.folder, figures=self.extra_figures, **objects)

    def compare(self, other: Run | Path | str, *more: Run | Path | str) -> Comparison:
        """Compare this run with others on the same samples. Raises InputError if they cannot be compared."""
        return compare(self, other, *more, figures=self.extra_figures)

    def listen(self, sample_id: str) -> cells.Shown:
        """Show the turns of a sample as cards with audio in a notebook. Raises InputError for an unknown sample."""
        found = [score for score in self._scored.scores if score.turn.sample_id == sample_id]
        if not found:
            known = ", ".join(list(dict.fromkeys(score.turn.sample_id for score in self._scored.scores))[:20])
            raise InputError(f"run {self.id}: no turn of sample {sample_id!r}; there are: {known}")
        return cells.turns(self.records, self.result, found)

    @cached_property
    def _scored(self) -> ScoredRun:
        return read_scored(self.records)

    def __iter__(self) -> Iterator[Any]:
        yield self.records
        yield self.result

    def __repr__(self) -> str:
        return f"Run {self.id}: {self.result.status}, {self._leading()}; {self.folder}"

    def _leading(self) -> str:
        """Return the first figures of the summary as text, without computing anything."""
        file = self.folder / summary_file.FILE_NAME
        if not file.is_file():
            return "not summarized yet"
        lines = tables.headline(summary_file.read(file))
        return ", ".join(f"{line.name} {line.value}" for line in lines[:2]) or "no figures"

    def _repr_html_(self) -> str:
        """Return text, a table and a link, which are readable in untrusted notebooks too."""
        made = ", ".join(f"{name} {value}" for name, value in self.described().items() if value is not None)
        link = f'<a href="{escape((self.folder / REPORT).as_posix())}">report</a>'
        facts = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(text)}</td></tr>"
            for title, rows in provenance(self.result, None)[:1]
            for name, text in rows
        )
        return (
            f"<p><b>Run {escape(self.id)}</b>: {escape(self.result.status)}; {escape(made)}; {link}</p>"
            f"{self.summary._repr_html_()}<details><summary>parameters</summary><table>{facts}</table></details>"
        )


def compare(
    *runs: Run | Path | str,
    normalizer: str | None = None,
    seed: int = 0,
    draws: int = 2000,
    figures: Iterable[Any] = (),
) -> Comparison:
    """Compare finished runs on the same samples: Run objects or their folders.

    normalizer: for all runs; by default the one with which all runs were made. seed, draws: of the bootstrap. figures:
    additional figures. Raises InputError if the runs cannot be compared.
    """
    folders = [run.folder if isinstance(run, Run) else Path(run) for run in runs]
    return compare_folders(folders, rules=normalizer, seed=seed, draws=draws, figures=figures)
