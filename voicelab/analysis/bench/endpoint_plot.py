"""The trade-off of endpointing as a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from voicelab.analysis.bench.endpoint import OperatingPoint

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLORS = {False: "#D55E00", True: "#0072B2"}
"""Without and with a look at the words; safe for the colour-blind (Okabe & Ito 2008)."""
_INK, _GRID = "#5a6472", "#dfe3e8"


def figure(points: Sequence[OperatingPoint], default_s: float) -> Figure:
    """Early cuts over the delay, a line with and one without the words; a ring around the default."""
    from matplotlib.figure import Figure

    drawn = Figure(figsize=(8, 4.2), layout="constrained")
    panels = drawn.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("p50", "p95"), strict=True):
        for words, color in _COLORS.items():
            line = [point for point in points if point.words is words and point.delay_p50_s is not None]
            x = [(point.delay_p50_s if name == "p50" else point.delay_p95_s) or 0.0 for point in line]
            y = [100 * point.cut / point.n for point in line]
            axes.plot(x, y, marker="o", color=color, label="with words" if words else "silence and length alone")
            for point, right, up in zip(line, x, y, strict=True):
                if point.cut_interval is not None:
                    ends = (100 * point.cut_interval.low, 100 * point.cut_interval.high)
                    axes.plot([right, right], ends, color=color, linewidth=0.8, alpha=0.5)
                if words and point.settings.silence_s == default_s:
                    axes.plot(right, up, "o", markersize=14, markerfacecolor="none", color=_INK)
                above = (5, 6) if words is False else (-4, -14)
                axes.annotate(f"{point.settings.silence_s:g}", (right, up), above, textcoords="offset points",
                              fontsize=8, color=color)  # fmt: skip
        axes.set_xlabel(f"delay of the decision, {name}, seconds")
        axes.grid(color=_GRID)
        axes.set_axisbelow(True)
        axes.set_ylim(bottom=-8)
    panels[0].set_ylabel("recordings cut early, %")
    panels[1].legend(frameon=False)
    return drawn
