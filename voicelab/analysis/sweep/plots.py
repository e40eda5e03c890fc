"""Plot the measures of a sweep against its axes, more severe to the right, with intervals and breakpoints."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from voicelab.analysis.sweep.figures import AxisFigures, MeasureFigure, SweepFigures
from voicelab.analysis.sweep.wording import place_text, source_line, title
from voicelab.report.canvas import canvas, grid
from voicelab.report.theme import GREEN, LIGHT, VERMILION, Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DRAWN = ("wer", "entity_recall", "intent_accuracy")
"""The plotted measures; more than three lines would be hard to distinguish."""
_MARKERS = {"wer": "s", "entity_recall": "o", "intent_accuracy": "^"}


def drawable(figures: SweepFigures) -> tuple[AxisFigures, ...]:
    """The axes with at least two places; a single place has no curve and is shown in the table only."""
    return tuple(axis for axis in figures.axes if len(axis.places) > 1)


def curves(sweep_id: str, figures: SweepFigures, axis: AxisFigures, theme: Theme = LIGHT) -> Figure:
    """Plot the measures over an axis, mild on the left; the clean values are at the left edge."""
    heading = f"{axis.label[0].upper()}{axis.label[1:]}"
    figure, axes = canvas(heading, source_line(sweep_id, figures), 4.0, theme)
    steps = _steps(axis)
    colors = {"wer": VERMILION, "entity_recall": theme.accent, "intent_accuracy": GREEN}
    names = [figures.points[0].run, *axis.runs]
    for order, key in enumerate(DRAWN):
        _line(axes, [figures.point(name).measures[key] for name in names], steps, colors[key], key, order)
    for one in figures.breaks:
        if one.axis == axis.key and one.at is not None and one.measure in colors:
            at = _position(one.at, axis, steps)
            axes.axvline(at, color=colors[one.measure], linewidth=1.2, linestyle=":")
            paper = {"facecolor": theme.paper, "edgecolor": "none", "alpha": 0.85, "pad": 1.0}
            axes.annotate(f"{one.asked}: {place_text(one.at, axis.unit)}", (at, 0.02), (4, 0), fontsize=8.5, bbox=paper,
                          textcoords="offset points", color=colors[one.measure], rotation=90, va="bottom")  # fmt: skip
    axes.axvline((steps[0] + steps[1]) / 2, color=theme.grid, linewidth=1.5)
    axes.set_xticks(steps, ["clean", *(f"{place:g}" for place in axis.places)])
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"{axis.label}{f' ({axis.unit})' if axis.unit else ''}, worse to the right; bars: 95 % interval")
    axes.legend(frameon=False, ncols=3, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9, labelcolor=theme.ink)
    grid(axes, "y", theme)
    return figure


def _line(axes: Axes, found: list[MeasureFigure], steps: list[float], color: str, key: str, order: int) -> None:
    # Offset, so that the error bars at one place do not overlap.
    shift = 0.05 * (order - 1)
    placed = zip(steps, found, strict=True)
    shown = [(step + shift, one.value, one) for step, one in placed if one.value is not None]
    line = [(step, value) for step, value, _ in shown if step > (steps[0] + steps[1]) / 2]
    if line:
        axes.plot(*zip(*line, strict=True), color=color, linewidth=1.8)
    for step, value, one in shown:
        axes.plot(step, value, marker=_MARKERS[key], color=color, markersize=6)
        if one.low is not None and one.high is not None:
            axes.plot([step, step], [one.low, one.high], color=color, linewidth=1.3, alpha=0.65)
    axes.plot([], [], color=color, marker=_MARKERS[key], label=title(key))


def _scale(axis: AxisFigures, place: float) -> float:
    """Bitrates have a logarithmic scale, other axes a linear one."""
    return math.log2(place) if axis.key == "bitrate" else place


def _steps(axis: AxisFigures) -> list[float]:
    """The x positions of clean and of each place: to scale, with clean one step to the left of the mildest."""
    placed = [abs(_scale(axis, place) - _scale(axis, axis.places[0])) for place in axis.places]
    reach = placed[-1] or 1.0
    count = max(1, len(placed) - 1)
    return [-1.0, *(one / reach * count for one in placed)]


def _position(place: float, axis: AxisFigures, steps: list[float]) -> float:
    """The x position of a place between two conditions, by linear interpolation."""
    import numpy as np

    places = np.array(axis.places)
    order = np.argsort(places)
    return float(np.interp(place, places[order], np.array(steps[1:])[order]))
