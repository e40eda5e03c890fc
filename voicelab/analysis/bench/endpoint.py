"""Measure end-of-turn detection: the share of turns cut off and the latency, for each method.

The silence that gives a requested share of cut-offs is tuned on the recordings of some speakers; the figures are those
of the other speakers.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import cycle, pairwise
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np

from voicelab.analysis.bench.pauses import PausedClip, PausePlan, paused
from voicelab.analysis.bench.replay import ClassifiedRecording, EndpointMethod, ReplayOutcome, outcome
from voicelab.datasets import Sample
from voicelab.metrics.intervals import Interval, quantile_interval, ratio_interval
from voicelab.report.theme import BLUE, GREEN, LIGHT, ORANGE, PINK, SKY, VERMILION

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SILENCES_S = tuple(round(0.2 + 0.04 * step, 2) for step in range(31))
CUT_SHARES = (0.05, 0.1)
_WITHIN_S = (0.3, 0.6)
_EDGES_S = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.5)
_COLORS = (VERMILION, BLUE, GREEN, PINK, ORANGE, SKY)


@dataclass(frozen=True, slots=True)
class OperatingPoint:
    """Results for one silence. cut: number of the n turns with an end detected before their speech was over.

    delay_p50_s, delay_p95_s: from the true end of speech to its detection; None without detections. missed: turns
    without a detected end after the speech.
    """

    silence_s: float
    n: int
    cut: int
    cut_interval: Interval | None
    delay_p50_s: float | None
    delay_p50_interval: Interval | None
    delay_p95_s: float | None
    missed: int


@dataclass(frozen=True, slots=True)
class AtShare:
    """The shortest silence with at most this share of cut-offs on the tuning speakers, with its results on the others.

    point: None if even the longest silence cuts off more.
    """

    share: float
    point: OperatingPoint | None


@dataclass(frozen=True, slots=True)
class PauseCuts:
    """Pauses of a range of lengths, and how many were mistaken for the end within within_s of their start."""

    low_s: float
    high_s: float
    within_s: float
    n: int
    cut: int
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class MethodFigures:
    """All figures of a method. default: at its own silence; curve: at every silence; both on the report speakers."""

    name: str
    default: OperatingPoint
    at_shares: tuple[AtShare, ...]
    by_pause: tuple[PauseCuts, ...]
    curve: tuple[OperatingPoint, ...]


@dataclass(frozen=True, slots=True)
class Halves:
    """A split of the recordings. If held_out, tune and report share no speaker; else both have all recordings."""

    tune: tuple[ClassifiedRecording, ...]
    report: tuple[ClassifiedRecording, ...]
    held_out: bool


def paused_clips(
    samples: Sequence[Sample], plan: PausePlan, *, asr: str, variants: int, seed: int
) -> Iterator[PausedClip]:
    """Each recording `variants` times with different pauses, made with one process per core. asr: the recognizer."""
    seeds = range(seed, seed + variants)
    processes = min(os.cpu_count() or 1, len(samples))
    with ProcessPoolExecutor(processes, mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in [pool.submit(paused, sample, plan, seeds, asr=asr) for sample in samples]:
            yield from future.result()


def halves(clips: Sequence[ClassifiedRecording], tune_speakers: Sequence[str]) -> Halves:
    """Split by speaker."""
    tune = tuple(one for one in clips if one.speaker in tune_speakers)
    report = tuple(one for one in clips if one.speaker not in tune_speakers)
    if not tune or not report:
        return Halves(tuple(clips), tuple(clips), held_out=False)
    return Halves(tune, report, held_out=True)


def figures(method: EndpointMethod, split: Halves, silences_s: Sequence[float], *, lag_s: float) -> MethodFigures:
    """Replay both halves under every silence."""
    report = {silence_s: _replayed(split.report, method, silence_s, lag_s) for silence_s in silences_s}
    default_s = method.turn_end.settings.silence_s
    at_default = report.get(default_s) or _replayed(split.report, method, default_s, lag_s)
    curve = tuple(_point(silence_s, outcomes) for silence_s, outcomes in report.items())
    tuned = {
        silence_s: fmean(one.cut for one in _replayed(split.tune, method, silence_s, lag_s)) for silence_s in silences_s
    }
    at_shares = []
    for share in CUT_SHARES:
        fitting = [silence_s for silence_s in sorted(tuned) if tuned[silence_s] <= share]
        point = next((one for one in curve if fitting and one.silence_s == fitting[0]), None)
        at_shares.append(AtShare(share, point))
    return MethodFigures(method.name, _point(default_s, at_default), tuple(at_shares), by_pause(at_default), curve)


def by_pause(outcomes: Sequence[ReplayOutcome]) -> tuple[PauseCuts, ...]:
    """For each range of pause lengths, the share mistaken for the end within 300 and 600 ms."""
    pauses = [
        (length_s, after_s, one.clip.speaker)
        for one in outcomes
        for length_s, after_s in zip(one.clip.paused.pauses_s, one.cut_after_s, strict=True)
    ]
    found = []
    for low_s, high_s in pairwise(_EDGES_S):
        inside = [pause for pause in pauses if low_s <= pause[0] < high_s]
        for within_s in _WITHIN_S if inside else ():
            cuts = [int(after_s is not None and after_s <= within_s) for _, after_s, _ in inside]
            interval = ratio_interval(cuts, [1] * len(cuts), [speaker for *_, speaker in inside])
            found.append(PauseCuts(low_s, high_s, within_s, len(inside), sum(cuts), interval))
    return tuple(found)


def _replayed(
    clips: Sequence[ClassifiedRecording], method: EndpointMethod, silence_s: float, lag_s: float
) -> list[ReplayOutcome]:
    return [outcome(one, method, silence_s, lag_s) for one in clips]


def _point(silence_s: float, outcomes: Sequence[ReplayOutcome]) -> OperatingPoint:
    cut = [int(one.cut) for one in outcomes]
    keys = [one.clip.speaker for one in outcomes]
    ended = [(one.delay_s, one.clip.speaker) for one in outcomes if one.delay_s is not None]
    delays_s = [delay_s for delay_s, _ in ended]
    p50_s, p95_s = np.quantile(delays_s, [0.5, 0.95]).tolist() if delays_s else (None, None)
    sure = quantile_interval(delays_s, [key for _, key in ended], 0.5) if delays_s else None
    cut_interval = ratio_interval(cut, [1] * len(cut), keys)
    return OperatingPoint(
        silence_s, len(cut), sum(cut), cut_interval, p50_s, sure, p95_s, len(outcomes) - len(delays_s)
    )


def plot(found: Sequence[MethodFigures]) -> Figure:
    """Plot cut-offs over latency, one line per method, with a ring around its default."""
    from matplotlib.figure import Figure as Canvas

    drawn = Canvas(figsize=(8, 4.2), layout="constrained")
    panels = drawn.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("p50", "p95"), strict=True):
        for one, color in zip(found, cycle(_COLORS), strict=False):
            line = [point for point in (*one.curve, one.default) if point.delay_p50_s is not None]
            places = [
                ((point.delay_p50_s if name == "p50" else point.delay_p95_s) or 0.0, 100 * point.cut / point.n)
                for point in line
            ]
            if not places:
                continue
            curve = places[: len(one.curve)]
            axes.plot(*zip(*curve, strict=True), marker=".", color=color, label=one.name)
            axes.plot(*places[-1], "o", markersize=12, markerfacecolor="none", color=LIGHT.muted)
        axes.axhline(5, color=LIGHT.muted, linewidth=0.8, linestyle=":")
        axes.set_xlabel(f"latency of the decision, {name}, seconds")
        axes.grid(color=LIGHT.grid)
        axes.set_axisbelow(True)
        axes.set_ylim(-2, 50)
    panels[0].set_ylabel("turns cut off, %")
    panels[1].legend(frameon=False)
    return drawn
