"""The heat map: voices down, recognizers across, coloured by interaction, with the word error rates in the cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from voicelab.analysis.cross.record import CrossResult
from voicelab.report.canvas import canvas, plain
from voicelab.report.theme import BLUE, LIGHT, ORANGE

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LEAST_SCALE = 0.01
"""Minimum range of the colour scale, so that small interactions do not look large."""


def heat_map(result: CrossResult) -> Figure:
    """Blue: the recognizer gains from the voice; orange: it loses. Bold: significant after Bonferroni correction."""
    from matplotlib.colors import LinearSegmentedColormap

    voices, recognizers = list(result.voices), list(result.recognizers)
    rules = f"{result.normalizer.name} {result.normalizer.version}"
    source = f"{result.sentences} of {result.planned} texts of {result.samples} · normalizer {rules}"
    figure, axes = canvas("Voices crossed with recognizers", source, 1.8 + 0.75 * len(voices), LIGHT)
    rows = [[result.pair(voice, recognizer) for recognizer in recognizers] for voice in voices]
    values = np.array([[pair.interaction.value or 0.0 for pair in row] for row in rows])
    reach = max(_LEAST_SCALE, float(np.abs(values).max()))
    colors = LinearSegmentedColormap.from_list("interaction", (BLUE, LIGHT.paper, ORANGE))
    picture = axes.imshow(values, cmap=colors, vmin=-reach, vmax=reach, aspect="auto", alpha=0.75)
    for y, row in enumerate(rows):
        for x, pair in enumerate(row):
            weight = "bold" if pair.certain else "normal"
            text = f"WER {percent(pair.wer.value)} %\n{points(pair.interaction.value)}"
            axes.text(x, y, text, ha="center", va="center", fontsize=9, color=LIGHT.ink, fontweight=weight)
    axes.set_xticks(range(len(recognizers)), [plain(name) for name in recognizers], fontsize=9)
    axes.set_yticks(range(len(voices)), [plain(name) for name in voices], fontsize=9)
    axes.set_xlabel("recognizer")
    axes.set_ylabel("voice")
    bar = figure.colorbar(picture, ax=axes)
    bar.set_label("interaction, WER points (below 0: gains)", color=LIGHT.ink, fontsize=8.5)
    bar.ax.tick_params(colors=LIGHT.ink, labelsize=8)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:+.1f}")
    return figure


def percent(value: float | None) -> str:
    """A rate in percent."""
    return "-" if value is None else f"{100 * value:.1f}"


def points(value: float | None) -> str:
    """A difference of rates in percentage points, with its sign."""
    return "-" if value is None else f"{100 * value:+.1f}"
