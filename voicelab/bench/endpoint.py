"""End-of-speech delay against early cuts: recordings with pauses, endpointed under many settings."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from voicelab.bench.pauses import PausedClip, PausePlan, paused
from voicelab.clip import SPEECH_RATE_HZ
from voicelab.metrics.intervals import Interval, ratio_interval
from voicelab.samples import Sample
from voicelab.vad.base import FRAME, Detector
from voicelab.vad.completeness import Completeness, completeness
from voicelab.vad.endpoint import Endpointer, EndpointSettings, Stopped

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_ASKED_EVERY = round(0.1 * SPEECH_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Judged:
    """A recording with pauses, and how probably each of its frames is speech."""

    paused: PausedClip
    probabilities: list[float]


@dataclass(frozen=True, slots=True)
class Point:
    """One setting. cut: how many of the n recordings had an end decided before their speech was over.

    delay_p50_s, delay_p95_s: from the true end of speech to the decision that it is over, None where none was decided.
    missed: recordings in which no end was decided after the speech.
    """

    settings: EndpointSettings
    words: bool
    n: int
    cut: int
    cut_interval: Interval | None
    delay_p50_s: float | None
    delay_p95_s: float | None
    missed: int


def paused_clips(samples: Sequence[Sample], plan: PausePlan, *, variants: int, seed: int) -> Iterator[PausedClip]:
    """Each recording so many times, with other pauses; made in a process per core."""
    seeds = range(seed, seed + variants)
    with ProcessPoolExecutor(os.cpu_count(), mp_context=multiprocessing.get_context("spawn")) as pool:
        for future in [pool.submit(paused, sample, plan, seeds) for sample in samples]:
            yield from future.result()


def judged(detector: Detector, clips: Iterable[PausedClip]) -> Iterator[Judged]:
    """Ask the detector about every frame, once for all settings."""
    for one in clips:
        yield Judged(one, detector.stream().feed(one.clip))


def curve(
    detector: Detector,
    clips: Sequence[Judged],
    silences_s: Sequence[float],
    base: EndpointSettings,
    *,
    lag_s: float,
    seed: int,
) -> list[Point]:
    """Every silence with and without a look at the words. lag_s: how late the recognizer's words come."""
    points = []
    for words in (False, True):
        for silence_s in silences_s:
            settings = replace(base, silence_s=silence_s)
            points.append(_point(detector, clips, settings, words=words, lag_s=lag_s, seed=seed))
    return points


def _point(
    detector: Detector, clips: Sequence[Judged], settings: EndpointSettings, *, words: bool, lag_s: float, seed: int
) -> Point:
    cut: list[int] = []
    delays_s: list[float] = []
    for one in clips:
        ends = [stop.decided_at for stop in _stops(detector, one, settings, words=words, lag_s=lag_s)]
        cut.append(any(end <= one.paused.end for end in ends))
        delays_s += [(end - one.paused.end) / SPEECH_RATE_HZ for end in ends[-1:] if end > one.paused.end]
    keys = [one.paused.sample.speaker or one.paused.sample.id for one in clips]
    p50_s, p95_s = np.quantile(delays_s, [0.5, 0.95]).tolist() if delays_s else (None, None)
    interval = ratio_interval(cut, [1] * len(cut), keys, seed=seed)
    return Point(settings, words, len(clips), sum(cut), interval, p50_s, p95_s, len(clips) - len(delays_s))


def _stops(
    detector: Detector, one: Judged, settings: EndpointSettings, *, words: bool, lag_s: float
) -> Iterator[Stopped]:
    """Replay a recording: frame by frame, the words told as they would come."""
    endpointer = Endpointer(detector.stream(), settings, judge=completeness if words else _open)
    lag = round(lag_s * SPEECH_RATE_HZ)
    asked = 0
    for number, probability in enumerate(one.probabilities, start=1):
        yield from (event for event in endpointer.advance([probability]) if isinstance(event, Stopped))
        position = number * FRAME
        if position - asked >= _ASKED_EVERY:
            asked = position
            known = [text for at, text in one.paused.heard if at <= position - lag]
            endpointer.note_partial(known[-1] if known else "")


def _open(_text: str) -> Completeness:
    return Completeness.OPEN


def figure(points: Sequence[Point], default_s: float) -> Figure:
    """Early cuts over the delay, a line with and one without the words; a ring around the default."""
    from matplotlib.figure import Figure

    from voicelab.report.theme import BLUE, LIGHT, VERMILION

    drawn = Figure(figsize=(8, 4.2), layout="constrained", facecolor=LIGHT.paper)
    panels = drawn.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("p50", "p95"), strict=True):
        for words, color in ((False, VERMILION), (True, BLUE)):
            line = [point for point in points if point.words is words and point.delay_p50_s is not None]
            x = [(point.delay_p50_s if name == "p50" else point.delay_p95_s) or 0.0 for point in line]
            y = [100 * point.cut / point.n for point in line]
            axes.plot(x, y, marker="o", color=color, label="with words" if words else "silence and length alone")
            for point, right, up in zip(line, x, y, strict=True):
                if point.cut_interval is not None:
                    ends = (100 * point.cut_interval.low, 100 * point.cut_interval.high)
                    axes.plot([right, right], ends, color=color, linewidth=0.8, alpha=0.5)
                if words and point.settings.silence_s == default_s:
                    axes.plot(right, up, "o", markersize=14, markerfacecolor="none", color=LIGHT.ink)
                above = (5, 6) if words is False else (-4, -14)
                axes.annotate(f"{point.settings.silence_s:g}", (right, up), above, textcoords="offset points",
                              fontsize=8, color=LIGHT.muted)  # fmt: skip
        axes.set_xlabel(f"delay of the decision, {name}, seconds")
        axes.grid(color=LIGHT.grid)
        axes.set_axisbelow(True)
        axes.set_ylim(bottom=-2)
    panels[0].set_ylabel("recordings cut early, %")
    panels[1].legend(frameon=False)
    return drawn
