"""A pilot for the next measurement: how much its samples vary, from one run or from two on the same samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from voicelab.analysis.compare import compare
from voicelab.errors import InputError
from voicelab.figures.figure import Figure
from voicelab.figures.table import FIGURES, Table, figure_of
from voicelab.metrics.power import Spread, linearized, power_of, spread
from voicelab.runs.records import RunFolder, TurnResult
from voicelab.scoring.intervals import Clusters
from voicelab.scoring.schema import ClusterUnit
from voicelab.scoring.scored_run import read_scored

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture


@dataclass(frozen=True, slots=True)
class Pilot:
    """spread: of the difference of two systems. value: the figure of the first run; difference: of the second, if any.

    unit: what counts as a speaker: a speaker, a conversation, or a sample on its own.
    """

    runs: tuple[str, ...]
    figure: Figure
    value: float
    difference: float | None
    unit: ClusterUnit
    spread: Spread

    @property
    def samples_each(self) -> float:
        return self.spread.samples / self.spread.speakers


def pilot(folders: Sequence[Path], name: str, correlation: float = 0.0, table: Table = FIGURES) -> Pilot:
    """Read a pilot; InputError where a figure is no rate of turns, or where there is too little to tell a variance.

    Of two runs the difference's own variance is taken, paired by sample. Of one run the second system is assumed to
    vary as much, and to err on the same samples with this correlation; 0 asks for the most samples.
    """
    figure = figure_of(name, table)
    if not isinstance(figure, Figure) or not figure.pairable:
        raise InputError(f"{name} is no rate of turns; power is known for rates such as wer or intent_accuracy")
    if len(folders) > 2:
        raise InputError("name one run or two; a pilot compares two systems at most")
    return _of_two(folders, figure) if len(folders) == 2 else _of_one(folders[0], figure, correlation)


def _of_one(folder: Path, figure: Figure, correlation: float) -> Pilot:
    scored = read_scored(RunFolder(folder))
    shares = [(score.turn, share) for score in scored.primary if (share := figure.share_of(score)) is not None]
    parts, wholes = [part for _, (part, _) in shares], [whole for _, (_, whole) in shares]
    found, unit = _spread(parts, wholes, [turn for turn, _ in shares], figure)
    scale = 2 * (1 - correlation)
    found = replace(found, between=scale * found.between, within=scale * found.within)
    return Pilot((scored.run.run_id,), figure, sum(parts) / sum(wholes), None, unit, found)


def _of_two(folders: Sequence[Path], figure: Figure) -> Pilot:
    (pair,) = compare(folders).each_pair()
    shares = pair.shares(figure)
    wholes = [(one[1], other[1]) for one, other in shares.values()]
    if any(one != other for one, other in wholes):
        raise InputError(f"{figure.name}: what it is a share of differs between the runs; take wer or intent_accuracy")
    parts = [other[0] - one[0] for one, other in shares.values()]
    turns = [pair.first.scores[key].turn for key in shares]
    found, unit = _spread(parts, [one for one, _ in wholes], turns, figure)
    difference = pair.difference(figure).found
    names = (pair.first.name, pair.second.name)
    return Pilot(names, figure, difference.first or 0.0, difference.difference, unit, found)


def _spread(
    parts: Sequence[float], wholes: Sequence[float], turns: Sequence[TurnResult], figure: Figure
) -> tuple[Spread, ClusterUnit]:
    if len(turns) < 2 or not sum(wholes):
        raise InputError(f"{figure.name}: {len(turns)} samples are scored for it; a pilot needs two or more")
    clusters = Clusters.of(turns)
    found = spread(linearized(parts, wholes), clusters.keys)
    if not found.between + found.within:
        raise InputError(
            f"{figure.name} does not vary in this pilot, so it says nothing of the next; take more samples"
        )
    return found, clusters.unit


def plot(of: Pilot, difference: float, samples_each: Sequence[int], most: int, alpha: float, power: float) -> Picture:
    """Power against the number of speakers, a line for each number of samples per speaker."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(7, 4), layout="constrained")
    axes = canvas.add_subplot()
    speakers = np.unique(np.geomspace(2, max(3, most), 60).astype(int))
    for each in samples_each:
        line = [power_of(difference, of.spread.error(int(count), each), int(count), alpha) for count in speakers]
        label = f"{each} samples each" if of.unit != "sample" else None
        axes.plot(speakers, line, label=label)
    axes.axhline(power, color="#888888", linewidth=1, linestyle=":")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"{of.unit}s")
    axes.set_ylabel("power")
    title = f"{of.figure.title}: a difference of {difference:g}, from pilot {', '.join(of.runs)}"
    axes.set_title(title.replace("$", r"\$"), fontsize=10, loc="left")
    if of.unit != "sample":
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return canvas
