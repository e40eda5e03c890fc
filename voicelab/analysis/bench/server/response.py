"""Response times with several people speaking at once: from the end of speech to the first sound of the reply."""

import asyncio
import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

import numpy as np

from voicelab.analysis.bench.pauses import PausePlan, without_words
from voicelab.analysis.bench.server.speaker import EncodedUtterance, NoAnswer, Speaker, TimedTurn
from voicelab.analysis.bench.server.talker import Mode, running, wait_or_raise
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.audio.opus import encode_packets
from voicelab.datasets import Sample
from voicelab.metrics.intervals import Interval, quantile_interval
from voicelab.metrics.latency import least_turns

Stage = Literal["ended_s", "heard_s", "text_s", "first_s"]
_BACKGROUND_S = 1.5
_STAGGER_S = 2.0
"""Speakers begin within this time, because people do not start to speak at the same moment."""


@dataclass(frozen=True, slots=True)
class ResponseTimes:
    """The turns with a number of people speaking at once. cut, unheard: recordings without a time, see NoAnswer."""

    speakers: int
    turns: tuple[TimedTurn, ...]
    cut: int
    unheard: int

    def quantile_s(self, stage: Stage, share: float) -> float | None:
        """A quantile of the seconds from the end of speech to a stage; None for too few turns (metrics/latency.py)."""
        values = self._values(stage)
        return float(np.quantile(values, share)) if len(values) >= least_turns(share) else None

    def interval(self, stage: Stage, share: float) -> Interval | None:
        """The interval of the quantile, with recordings as clusters; None for too few turns."""
        values = self._values(stage)
        return quantile_interval(values, [turn.key for turn in self.turns], share) if values else None

    def _values(self, stage: Stage) -> list[float]:
        found = [getattr(turn, stage) for turn in self.turns]
        return [value for value in found if value is not None]


def utterances(samples: Sequence[Sample], mode: Mode, seed: int) -> list[EncodedUtterance]:
    """Prepare recordings; in continuous mode with pink noise at -55 dBFS around them, as in `bench endpoint`.

    In realtime mode the speech ends with the recording. Freezes the garbage collector's objects, because a collection
    would delay the packets.
    """
    found = [_recorded(sample) if mode == "realtime" else _in_noise(sample, seed) for sample in samples]
    gc.collect()
    gc.freeze()
    return found


def _recorded(sample: Sample) -> EncodedUtterance:
    clip = sample.clip().at_rate(SPEECH_RATE_HZ)
    return EncodedUtterance(sample.id, encode_packets(clip), clip.duration_s)


def _in_noise(sample: Sample, seed: int) -> EncodedUtterance:
    (made,) = without_words(sample, PausePlan(pauses=0, tail_s=2 * _BACKGROUND_S), [seed])
    background = encode_packets(made.clip.between(made.clip.duration_s - _BACKGROUND_S, made.clip.duration_s))
    return EncodedUtterance(sample.id, encode_packets(made.clip), made.end / SPEECH_RATE_HZ, background)


async def response_times(
    address: str, mode: Mode, said: Sequence[EncodedUtterance], speakers: Sequence[int], tick: Callable[[], None]
) -> list[ResponseTimes]:
    """Play every recording once for each number of speakers. tick: called after each recording."""
    return [await _at_once(address, mode, said, number, tick) for number in speakers]


async def _at_once(
    address: str, mode: Mode, said: Sequence[EncodedUtterance], speakers: int, tick: Callable[[], None]
) -> ResponseTimes:
    """Speakers share the recordings, and continue to speak until the last one is answered."""
    numbers, found = count(), list[TimedTurn | NoAnswer]()

    async def speak(number: int) -> None:
        await asyncio.sleep(_STAGGER_S * number / speakers)
        async with Speaker.connect(address, mode) as speaker:
            # The first turn is not timed: the server may load another copy of an engine for it.
            await speaker.say(said[-1 - number % len(said)])
            for place in numbers:
                turn = await speaker.say(said[place % len(said)])
                if place < len(said):
                    found.append(turn)
                    tick()
                if len(found) == len(said):
                    return

    async with running(speak(number) for number in range(speakers)) as tasks:
        await wait_or_raise(tasks, None)  # a speaker ends only when all recordings are answered
    turns = tuple(turn for turn in found if isinstance(turn, TimedTurn))
    return ResponseTimes(speakers, turns, found.count(NoAnswer.CUT), found.count(NoAnswer.UNHEARD))
