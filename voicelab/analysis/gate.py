"""Gates: limits for a run's figures, and comparisons with a baseline. Missing evidence is a miss."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree

from voicelab.errors import InputError
from voicelab.figures.figure import AnyFigure
from voicelab.figures.table import FIGURES, Table, figure_of
from voicelab.runs.records import RunResult, TurnResult
from voicelab.scoring.schema import Measured
from voicelab.scoring.scored_run import ScoredRun
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from voicelab.analysis.compare import RunPair

Kind = Literal["max", "min"]


@dataclass(frozen=True, slots=True)
class Limit:
    """A limit of a figure, written as `wer=0.25`."""

    kind: Kind
    figure: AnyFigure
    bound: float

    @property
    def name(self) -> str:
        return f"{self.figure.name} {'≤' if self.kind == 'max' else '≥'} {self.bound:g}"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of a gate: whether it was passed, and the figure, or the reason why it is missing."""

    name: str
    passed: bool
    found: str


def limit(kind: Kind, text: str, table: Table = FIGURES) -> Limit:
    """Parse a limit such as `wer=0.25`; InputError for an unknown figure or an invalid number."""
    name, separator, written = text.partition("=")
    figure = figure_of(name.strip(), table)
    try:
        bound = float(written)
    except ValueError:
        bound = math.nan
    if not separator or not math.isfinite(bound):
        raise InputError(f"--{kind} {text}: write a figure and a number, as --{kind} {name.strip()}=0.25")
    return Limit(kind, figure, bound)


def check_run(run: RunResult, turns: Sequence[TurnResult], max_failed: float) -> list[Outcome]:
    """Check that the run is finished, that every planned turn was run, and that few turns failed.

    max_failed: maximum share of failed turns. A turn with an empty transcript is not a failed turn; it is scored.
    """
    taken = {turn.key: turn for turn in turns}
    broken = [one for one in taken.values() if one.broken]
    silent = sum(one.nothing_heard for one in taken.values())
    finished = run.status == "finished" and len(taken) >= run.planned_turns > 0
    share = len(broken) / len(taken) if taken else math.nan
    codes = sorted({one.failure.code for one in broken if one.failure is not None})
    return [
        Outcome("finished", finished, f"{run.status}, {len(taken)} of {run.planned_turns} turns taken"),
        Outcome(
            f"failed turns ≤ {max_failed:g}",
            share <= max_failed,
            f"{len(broken)} of {len(taken)} failed"
            + (f": {', '.join(codes)}" if codes else "")
            + (f"; no words recognized in {silent}" if silent else ""),
        ),
    ]


def check_limit(one: Limit, measured: Measured, *, sure: bool) -> Outcome:
    """Check a figure against its limit; with `sure`, the far end of its interval must meet the limit too.

    A figure without an interval is then a miss.
    """
    if measured.value is None:
        return Outcome(one.name, False, f"no evidence: {measured.missing}")
    found = f"{measured.value:.4g}"
    decides = measured.value
    if measured.low is not None and measured.high is not None:
        found += f" [{_short(measured.low)}, {_short(measured.high)}]"
        if sure:
            decides = measured.high if one.kind == "max" else measured.low
    elif sure:
        why = f": {measured.no_interval}" if measured.no_interval else ""
        return Outcome(one.name, False, f"no evidence: {found} of {measured.n} has no interval{why}")
    kept = decides <= one.bound if one.kind == "max" else decides >= one.bound
    note = f"; {measured.note}" if measured.note else ""
    return Outcome(one.name, kept, f"{found}, n {measured.n}{note}")


def _short(value: float) -> str:
    """Four significant digits; values within 1e-9 of 0 are 0."""
    return f"{round(value, 9):.4g}"


def check_no_worse(figure: AnyFigure, pair: RunPair, margin: float, *, sure: bool) -> Outcome:
    """Check that a figure is not worse than the baseline's, by the interval of the paired difference.

    The difference is run minus baseline, with the sign chosen so that positive is worse. Without `sure`, the gate is
    missed only if the whole interval is beyond the margin. With `sure`, the whole interval must be within the margin, a
    test of non-inferiority (Blackwelder 1982), so insufficient evidence is a miss even if both runs are equal.
    """
    title = f"{figure.name} {'surely ' if sure else ''}no worse than {pair.first.name}" + (
        f" by {margin:g}" if margin else ""
    )
    compared = pair.difference(figure)
    found = compared.found
    if found.difference is None:
        return Outcome(title, False, f"no evidence: {counted(found.samples, 'sample')} with it in both runs")
    text = f"{found.first:.4g} to {found.second:.4g}, {found.difference:+.4g}"
    if found.interval is None:
        why = f": {found.refused.text(compared.unit)}" if found.refused else ""
        return Outcome(
            title, False, f"no evidence: {text} has no interval over {counted(found.samples, 'sample')}{why}"
        )
    low, high = found.interval.low, found.interval.high
    worse = (low, high) if figure.better == "lower" else (-high, -low)
    note = f"; {compared.note}" if compared.note else ""
    return Outcome(
        title,
        worse[1 if sure else 0] <= margin,
        f"{text} [{low:+.4g}, {high:+.4g}], {counted(found.samples, 'sample')}{note}",
    )


def check(
    scored: ScoredRun,
    limits: Sequence[Limit],
    *,
    sure: bool = False,
    max_failed: float = 0.05,
    baseline: Path | None = None,
    no_worse: Sequence[str] = (),
    margin: float = 0.0,
    table: Table = FIGURES,
) -> list[Outcome]:
    """Return the outcome of every gate of a run. table: the figures for `no_worse`.

    Raises InputError if the run cannot be compared with the baseline.
    """
    run = scored.run
    outcomes = check_run(run, [score.turn for score in scored.scores], max_failed)
    outcomes += [check_limit(one, scored.measure(one.figure), sure=sure) for one in limits]
    if no_worse and baseline is not None:
        figures = [figure_of(name, table) for name in no_worse]
        if run.status != "finished":
            unknown = "no evidence: the run is not finished"
            return [*outcomes, *(Outcome(f"{name} no worse", False, unknown) for name in no_worse)]
        from voicelab.analysis.compare import compare

        (pair,) = compare([baseline, scored.folder.path], seed=run.spec.seed, draws=run.spec.draws).each_pair()
        outcomes += [check_no_worse(figure, pair, margin, sure=sure) for figure in figures]
    return outcomes


def junit(run_id: str, outcomes: Iterable[Outcome]) -> bytes:
    """The outcomes as JUnit XML: one test case per gate; a missed gate is a failure with its value."""
    cases = list(outcomes)
    counts = {"tests": str(len(cases)), "failures": str(sum(not one.passed for one in cases)), "errors": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": f"voicelab gate {_clean(run_id)}", **counts})
    for one in cases:
        case = ElementTree.SubElement(
            suite, "testcase", {"classname": _clean(run_id), "name": _clean(one.name), "time": "0"}
        )
        if not one.passed:
            ElementTree.SubElement(case, "failure", {"message": _clean(one.found)}).text = _clean(
                f"{one.name}: {one.found}"
            )
        else:
            ElementTree.SubElement(case, "system-out").text = _clean(one.found)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True))


_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _clean(text: str) -> str:
    """Remove characters that XML 1.0 does not allow."""
    return _NOT_IN_XML.sub("", text)
