"""A figure over the runs of a folder, oldest first, and the changes that are larger than the noise.

Neighbouring runs on the same samples are compared (`analysis.compare`): a change is marked if the 95 % interval of the
paired difference excludes 0. Runs on different samples are not compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voicelab.analysis.compare import compare
from voicelab.analysis.run_catalog import StoredRun, stored_runs
from voicelab.errors import InputError
from voicelab.figures.outside import table_with
from voicelab.report.theme import LIGHT
from voicelab.scoring.schema import Measured

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_WIDEST_INCHES, _MOST_TICKS = 16.0, 30
Verdict = Literal["better", "worse", "within the noise", "not compared"]


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """A run. change, low, high: paired difference from the previous run, with its interval; note: why it is missing."""

    run_id: str
    started_at: datetime
    measured: Measured
    verdict: Verdict
    change: float | None = None
    low: float | None = None
    high: float | None = None
    note: str = ""


def trend(out: Path, name: str, figures: Iterable[Any] = (), *, last: int | None = None) -> list[TrendPoint]:
    """The figure `name` of the finished runs in a folder, oldest first.

    last: the number of latest runs; None: all. Raises InputError for an unknown figure, or if no run has it.
    """
    table = table_with(figures)
    if name not in table:
        raise InputError(f"FIGURE {name}: unknown; known: {', '.join(table)}")
    having = [(one, found) for one in reversed(stored_runs(out)) if (found := _measured(one, name)) is not None]
    if not having:
        raise InputError(f"{out}: no finished run has the figure {name}; runs without a report: voicelab report RUN")
    having = having if last is None else having[-last:]
    points: list[TrendPoint] = []
    before: StoredRun | None = None
    for one, found in having:
        assert one.started_at is not None
        point = TrendPoint(one.run_id, one.started_at, found, "not compared")
        points.append(_compared(point, before, one, name, figures))
        before = one
    return points


def _measured(one: StoredRun, name: str) -> Measured | None:
    found = one.figure(name) if one.state == "finished" else None
    return found if found is not None and found.value is not None else None


def _compared(
    point: TrendPoint, before: StoredRun | None, one: StoredRun, name: str, figures: Iterable[Any]
) -> TrendPoint:
    """Return the point with its change from the previous run, or with the reason why it is missing."""
    if before is None or before.run is None or one.run is None:
        return replace(point, note="the first run")
    if before.run.samples_sha256 != one.run.samples_sha256:
        return replace(point, note="different samples than in the previous run")
    try:
        (pair,) = compare([before.path, one.path], figures=figures).each_pair()
        difference = pair.difference_of(name)
    except InputError as error:
        return replace(point, note=str(error))
    if difference is None:
        return replace(point, note="these runs have no paired difference of the figure")
    change, bounds = difference.found.difference, difference.found.interval
    if bounds is None:
        return replace(point, change=change, note="the difference has no interval")
    verdict: Verdict = difference.verdict or "within the noise"
    note = difference.note or ""
    return replace(point, verdict=verdict, change=change, low=bounds.low, high=bounds.high, note=note)


def draw(points: list[TrendPoint], title: str) -> Figure:
    """Plot the values with intervals over the runs; changes beyond the noise have a triangle and a vertical line."""
    from matplotlib.figure import Figure as Canvas

    drawn = Canvas(figsize=(min(max(5.0, 0.5 * len(points) + 2), _WIDEST_INCHES), 3.2), layout="constrained")
    axes = drawn.subplots()
    for place, point in enumerate(points):
        measured, color = point.measured, LIGHT.accent
        if measured.low is not None and measured.high is not None:
            axes.vlines(place, measured.low, measured.high, color=color, alpha=0.4, linewidth=3)
        changed = point.verdict in ("better", "worse")
        if changed:
            axes.axvline(place - 0.5, color="0.6", linewidth=1, linestyle="--")
        marker = "o" if not changed else "^" if (point.change or 0) > 0 else "v"
        axes.plot(place, measured.value or 0.0, marker, color=color)
    shown = range(0, len(points), math.ceil(len(points) / _MOST_TICKS))
    names = [f"{points[place].started_at:%m-%d %H:%M}" for place in shown]
    axes.set_xticks(shown, names, rotation=45, ha="right")
    axes.set_title(title, loc="left")
    axes.spines[["top", "right"]].set_visible(False)
    return drawn
