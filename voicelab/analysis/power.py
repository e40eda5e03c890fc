"""Variance estimates for planning a measurement, from one pilot run or two runs on the same samples."""

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
from voicelab.metrics.power import Spread, detectable, linearized, power_of, speakers_needed, spread
from voicelab.runs.records import RunFolder, TurnResult
from voicelab.scoring.intervals import Clusters
from voicelab.scoring.schema import ClusterUnit
from voicelab.scoring.scored_run import read_scored
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from matplotlib.figure import Figure as Picture


@dataclass(frozen=True, slots=True)
class Pilot:
    """A pilot. spread: variance of the difference of two systems. value: the figure of the first run.

    difference: second minus first, with two runs. unit: the cluster: a speaker, a conversation, or a sample.
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

    @property
    def alone(self) -> bool:
        """Whether each sample counts on its own."""
        return self.unit == "sample"


@dataclass(frozen=True, slots=True)
class PowerTest:
    """The test that is planned. Raises InputError for a value outside (0, 1)."""

    alpha: float = 0.05
    power: float = 0.8

    def __post_init__(self) -> None:
        for name, value in (("--alpha", self.alpha), ("--power", self.power)):
            if not 0 < value < 1:
                raise InputError(f"{name} {value:g}: must be between 0 and 1, e.g. 0.05 or 0.8")


@dataclass(frozen=True, slots=True)
class Need:
    """Requirements for detecting a difference. speakers, samples, power: None beyond 1,000,000 speakers."""

    difference: float
    samples_each: int
    design_effect: float
    speakers: int | None
    samples: int | None
    power: float | None


def pilot(folders: Sequence[Path], name: str, correlation: float = 0.0, table: Table = FIGURES) -> Pilot:
    """Read a pilot; InputError if the figure is not a rate of turns, or if the variance cannot be estimated.

    Two runs give the variance of the paired difference. With one run, the second system is assumed to have the same
    variance, and errors correlated by `correlation`; 0 needs the most samples.
    """
    figure = figure_of(name, table)
    if not isinstance(figure, Figure) or not figure.pairable:
        raise InputError(f"{name} is not a rate of turns; choose a rate such as wer or intent_accuracy")
    if len(folders) > 2:
        raise InputError("name one or two runs; a pilot compares at most two systems")
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
        raise InputError(f"{figure.name}: its denominator differs between the runs; choose wer or intent_accuracy")
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
        raise InputError(f"{figure.name}: scored for {counted(len(turns), 'sample')}; a pilot needs two or more")
    clusters = Clusters.of(turns)
    found = spread(linearized(parts, wholes), clusters.keys)
    if not found.between + found.within:
        raise InputError(
            f"{figure.name} does not vary in this pilot, so its variance is unknown; use a pilot with more samples"
        )
    return found, clusters.unit


def needs(of: Pilot, differences: Sequence[float], samples_each: Sequence[int], test: PowerTest) -> list[Need]:
    """The sample sizes that each difference needs, for each number of samples per speaker.

    samples_each: empty for 1, 5, 20, 100 and the pilot's own. Raises InputError if it is given and the pilot names no
    speakers.
    """
    if of.alone and samples_each:
        raise InputError("--samples-each needs a pilot that names speakers; omit it")
    usual = (1, 5, 20, 100, max(1, round(of.samples_each)))
    each_of = [1] if of.alone else sorted(set(samples_each or usual))
    return [_need(of.spread, difference, each, test) for difference in differences for each in each_of]


def _need(of: Spread, difference: float, each: int, test: PowerTest) -> Need:
    speakers = speakers_needed(difference, of, each, alpha=test.alpha, power=test.power)
    samples = power = None
    if speakers is not None:
        samples = speakers * each
        power = power_of(difference, of.error(speakers, each), speakers, test.alpha)
    return Need(difference, each, of.design_effect(each), speakers, samples, power)


def least_difference(of: Pilot, test: PowerTest) -> float:
    """The smallest difference that a measurement of the pilot's size would detect."""
    return detectable(of.spread, of.spread.speakers, of.samples_each, alpha=test.alpha, power=test.power)


def plot(of: Pilot, found: Sequence[Need], test: PowerTest) -> Picture:
    """Plot the power for the smallest difference against speakers, one line per number of samples per speaker."""
    from matplotlib.figure import Figure as Canvas

    canvas = Canvas(figsize=(7, 4), layout="constrained")
    axes = canvas.add_subplot()
    difference = found[-1].difference
    most = 2 * max((one.speakers for one in found if one.speakers is not None), default=100)
    speakers = np.unique(np.geomspace(2, max(3, most), 60).astype(int))
    for each in dict.fromkeys(one.samples_each for one in found):
        line = [power_of(difference, of.spread.error(int(count), each), int(count), test.alpha) for count in speakers]
        label = None if of.alone else f"{counted(each, 'sample')} each"
        axes.plot(speakers, line, label=label)
    axes.axhline(test.power, color="#888888", linewidth=1, linestyle=":")
    axes.set_xscale("log")
    axes.set_ylim(0, 1.02)
    axes.set_xlabel(f"{of.unit}s")
    axes.set_ylabel("power")
    title = f"{of.figure.title}: a difference of {difference:g}, from pilot {', '.join(of.runs)}"
    axes.set_title(title.replace("$", r"\$"), fontsize=10, loc="left")
    if not of.alone:
        axes.legend(frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    return canvas
