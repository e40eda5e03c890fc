"""Plot the trade-off of endpointing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from voicelab.analysis.bench.endpoint import MethodFigures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLORS = ("#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Safe for the colour-blind (Okabe & Ito 2008)."""
_INK, _GRID = "#5a6472", "#dfe3e8"


def figure(found: Sequence[MethodFigures]) -> Figure:
    """Plot cut-offs over latency, one line per method, with a ring around its default."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 4.2), layout="constrained")
    panels = drawn.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("p50", "p95"), strict=True):
        for number, one in enumerate(found):
            color = _COLORS[number % len(_COLORS)]
            line = [point for point in (*one.curve, one.default) if point.delay_p50_s is not None]
            places = [
                ((point.delay_p50_s if name == "p50" else point.delay_p95_s) or 0.0, 100 * point.cut / point.n)
                for point in line
            ]
            if not places:
                continue
            curve = places[: len(one.curve)]
            axes.plot(*zip(*curve, strict=True), marker=".", color=color, label=one.name)
            axes.plot(*places[-1], "o", markersize=12, markerfacecolor="none", color=_INK)
        axes.axhline(5, color=_INK, linewidth=0.8, linestyle=":")
        axes.set_xlabel(f"latency of the decision, {name}, seconds")
        axes.grid(color=_GRID)
        axes.set_axisbelow(True)
        axes.set_ylim(-2, 50)
    panels[0].set_ylabel("turns cut off, %")
    panels[1].legend(frameon=False)
    return drawn
