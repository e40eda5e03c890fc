"""Create the empty matplotlib figures of all plots, with title, source and grid."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from voicelab.report.theme import Theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH_IN = 5.4
"""Narrow, so that text stays readable on a phone."""


def canvas(title: str, source: str, height_in: float, theme: Theme) -> tuple[Figure, Axes]:
    """Return an empty figure with one axes. source: the run, in small letters at the bottom."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    figure = Figure(figsize=(WIDTH_IN, height_in), layout=layout, facecolor=theme.paper)
    axes = figure.add_subplot(facecolor=theme.paper)
    figure.suptitle(title, x=0.01, ha="left", fontsize=12, fontweight="bold", color=theme.ink)
    figure.supxlabel(plain(source, 90), fontsize=7.5, color=theme.muted, x=0.99, ha="right")
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(colors=theme.ink, length=0)
    axes.xaxis.label.set_color(theme.ink)
    axes.yaxis.label.set_color(theme.ink)
    return figure, axes


def plain(name: str, longest: int = 30) -> str:
    """Return a name on one line of at most `longest` characters, with `$` escaped, which would start a formula."""
    one_line = "".join(one if one.isprintable() else "\ufffd" for one in " ".join(name.split()))
    shown = one_line if len(one_line) <= longest else f"{one_line[: longest - 1]}…"
    return shown.replace("$", r"\$")


def grid(axes: Axes, axis: Literal["x", "y", "both"], theme: Theme) -> None:
    """Draw grid lines behind the data and set the colour of black text."""
    axes.set_axisbelow(True)
    axes.grid(axis=axis, color=theme.grid, linewidth=0.8)
    for text in axes.texts:
        if text.get_color() == "black":
            text.set_color(theme.ink)
