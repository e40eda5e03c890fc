"""End-of-speech delay against early cuts: recordings with pauses, endpointed under many settings."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from voicelab.analysis.bench.pauses import PausedClip, PausePlan, paused
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.datasets import Sample
from voicelab.metrics.intervals import Interval, ratio_interval
from voicelab.vad.base import FRAME, Detector
from voicelab.vad.completeness import Completeness, completeness
from voicelab.vad.endpoint import Endpointer, EndpointSettings, SpeechEnded

_ASKED_EVERY = round(0.1 * SPEECH_RATE_HZ)


@dataclass(frozen=True, slots=True)
class Judged:
    """A recording with pauses, and how probably each of its frames is speech."""

    paused: PausedClip
    probabilities: list[float]


@dataclass(frozen=True, slots=True)
class OperatingPoint:
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
    with ProcessPoolExecutor(
        min(os.cpu_count() or 1, len(samples)), mp_context=multiprocessing.get_context("spawn")
    ) as pool:
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
) -> list[OperatingPoint]:
    """Every silence with and without a look at the words. lag_s: how late the recognizer's words come."""
    points = []
    for words in (False, True):
        for silence_s in silences_s:
            settings = replace(base, silence_s=silence_s)
            points.append(_point(detector, clips, settings, words=words, lag_s=lag_s, seed=seed))
    return points


def _point(
    detector: Detector, clips: Sequence[Judged], settings: EndpointSettings, *, words: bool, lag_s: float, seed: int
) -> OperatingPoint:
    cut: list[int] = []
    delays_s: list[float] = []
    for one in clips:
        ends = [stop.decided_at for stop in _stops(detector, one, settings, words=words, lag_s=lag_s)]
        cut.append(any(end <= one.paused.end for end in ends))
        delays_s += [(end - one.paused.end) / SPEECH_RATE_HZ for end in ends[-1:] if end > one.paused.end]
    keys = [one.paused.sample.speaker or one.paused.sample.id for one in clips]
    p50_s, p95_s = np.quantile(delays_s, [0.5, 0.95]).tolist() if delays_s else (None, None)
    interval = ratio_interval(cut, [1] * len(cut), keys, seed=seed)
    return OperatingPoint(settings, words, len(clips), sum(cut), interval, p50_s, p95_s, len(clips) - len(delays_s))


def _stops(
    detector: Detector, one: Judged, settings: EndpointSettings, *, words: bool, lag_s: float
) -> Iterator[SpeechEnded]:
    """Replay a recording: frame by frame, the words told as they would come."""
    endpointer = Endpointer(detector.stream(), settings, judge=completeness if words else _open)
    lag = round(lag_s * SPEECH_RATE_HZ)
    asked = 0
    for number, probability in enumerate(one.probabilities, start=1):
        yield from (event for event in endpointer.advance([probability]) if isinstance(event, SpeechEnded))
        position = number * FRAME
        if position - asked >= _ASKED_EVERY:
            asked = position
            known = [text for at, text in one.paused.heard if at <= position - lag]
            endpointer.note_partial(known[-1] if known else "")


def _open(_text: str) -> Completeness:
    return Completeness.OPEN
