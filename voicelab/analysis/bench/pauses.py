"""Insert pauses between the words of recordings, and compute a recognizer's partial transcripts, for endpointing.

PocketSphinx finds the word ends in the original recording; the cut is at the quietest 10 ms nearby.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.asr.pocketsphinx.cepstral_mean import CepstralMean
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import Sample
from voicelab.engines.streams import PartialStream
from voicelab.errors import InputError
from voicelab.vad.base import FRAME

_HOP = SPEECH_RATE_HZ // 100
_NEAR_FRAMES = 5
_FADE = SPEECH_RATE_HZ // 200
_BELOW_LOUDEST_DB = 45.0
_MEAN_S, _HEARD_AFTER_S = 1.0, 0.5


@dataclass(frozen=True, slots=True)
class PausePlan:
    """Settings of the inserted pauses.

    pauses: maximum number per recording; their lengths are drawn from shortest_s..longest_s. noise_dbfs: level of the
    pink noise. lead_s, tail_s: noise alone before and after the recording.
    """

    pauses: int = 1
    shortest_s: float = 0.2
    longest_s: float = 0.8
    noise_dbfs: float = -55.0
    lead_s: float = 0.5
    tail_s: float = 3.0


@dataclass(frozen=True, slots=True)
class PausedClip:
    """A recording with pauses. end: index of the true end of speech. pause_starts: indices of the pauses' starts.

    heard: partial transcripts by number of samples.
    """

    sample: Sample
    clip: Clip
    end: int
    pauses_s: tuple[float, ...]
    pause_starts: tuple[int, ...]
    heard: tuple[tuple[int, str], ...]


def paused(sample: Sample, plan: PausePlan, seeds: Sequence[int], *, asr: str) -> list[PausedClip]:
    """The recording with pauses, one for each seed and always the same one for it. asr: the recognizer's name."""
    found = without_words(sample, plan, seeds)
    heard_for = [one.clip.samples[: one.end + round(_HEARD_AFTER_S * SPEECH_RATE_HZ)] for one in found]
    return [replace(one, heard=_partial_transcripts(heard, asr)) for one, heard in zip(found, heard_for, strict=True)]


def without_words(sample: Sample, plan: PausePlan, seeds: Sequence[int]) -> list[PausedClip]:
    """The same recordings, with nothing in `heard`."""
    speech = _spoken(sample.clip().at_rate(SPEECH_RATE_HZ).samples)
    ends = _word_ends(speech) if plan.pauses else []
    return [_with_pauses(sample, speech, ends, plan, seed) for seed in seeds]


def _with_pauses(
    sample: Sample, speech: NDArray[np.float32], ends: list[int], plan: PausePlan, seed: int
) -> PausedClip:
    chance = np.random.default_rng([seed, *sample.id.encode()])
    chosen = sorted(chance.permutation(len(ends))[: plan.pauses].tolist())
    cuts = sorted({_quietest_near(speech, ends[place]) for place in chosen})
    lengths_s = chance.uniform(plan.shortest_s, plan.longest_s, len(cuts)).tolist()
    pieces = [np.zeros(round(plan.lead_s * SPEECH_RATE_HZ), dtype=np.float32)]
    silences_at = []
    for start, end, length_s in zip([0, *cuts], [*cuts, len(speech)], [*lengths_s, plan.tail_s], strict=True):
        pieces.append(_faded(speech[start:end]))
        silences_at.append(sum(map(len, pieces)))
        pieces.append(np.zeros(round(length_s * SPEECH_RATE_HZ), dtype=np.float32))
    whole = np.concatenate(pieces)
    *pause_starts, end = silences_at
    whole += _pink(len(whole), plan.noise_dbfs, chance)
    return PausedClip(sample, Clip(whole, SPEECH_RATE_HZ), end, tuple(lengths_s), tuple(pause_starts), ())


def _spoken(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The span from the first to the last 10 ms within 45 dB of the loudest."""
    level_db = _level_db(samples)
    loud = np.flatnonzero(level_db > level_db.max() - _BELOW_LOUDEST_DB)
    return samples[loud[0] * _HOP : (loud[-1] + 1) * _HOP]


def _level_db(samples: NDArray[np.float32]) -> NDArray[np.float64]:
    frames = samples[: len(samples) // _HOP * _HOP].reshape(-1, _HOP).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12), dtype=np.float64)


def _quietest_near(samples: NDArray[np.float32], at: int) -> int:
    """The middle of the quietest 10 ms within 50 ms of a place."""
    level_db = _level_db(samples)
    low = max(0, at // _HOP - _NEAR_FRAMES)
    near = level_db[low : at // _HOP + _NEAR_FRAMES + 1]
    return int(low + np.argmin(near)) * _HOP + _HOP // 2


def _faded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Fade in and out over 5 ms, to avoid clicks."""
    gain = np.ones(len(samples), dtype=np.float32)
    length = min(_FADE, len(samples) // 2)
    slope = np.linspace(0, 1, length, dtype=np.float32)
    gain[:length] = slope
    gain[len(gain) - length :] = slope[::-1]
    return samples * gain


def _pink(length: int, level_dbfs: float, chance: np.random.Generator) -> NDArray[np.float32]:
    """Pink noise at an RMS level: the spectrum of white noise divided by the square root of the frequency."""
    spectrum = np.fft.rfft(chance.standard_normal(length))
    spectrum /= np.sqrt(np.maximum(np.arange(len(spectrum)), 1))
    noise = np.fft.irfft(spectrum, length)
    scale = 10 ** (level_dbfs / 20) / float(np.sqrt(np.mean(noise**2)))
    return np.asarray(noise * scale, dtype=np.float32)


_mean = cache(CepstralMean)


@cache
def _decoder() -> Any:
    from pocketsphinx import Decoder

    # Narrower beams than the default halve the time and give almost the same words.
    return Decoder(loglevel="FATAL", samprate=SPEECH_RATE_HZ, maxhmmpf=2000, maxwpf=20, fwdflat=False, bestpath=False)


def _word_ends(speech: NDArray[np.float32]) -> list[int]:
    """The ends of all words except the last, in samples."""
    decoder = _decoder()
    _mean().prepare(decoder, Clip(speech[: round(_MEAN_S * SPEECH_RATE_HZ)], SPEECH_RATE_HZ))
    decoder.start_utt()
    decoder.process_raw(Clip(speech, SPEECH_RATE_HZ).to_pcm16(), False, False)
    decoder.end_utt()
    words = [part for part in decoder.seg() if not part.word.startswith(("<", "["))]
    return [(part.end_frame + 1) * _HOP for part in words[:-1]]


@cache
def _recognizer(name: str) -> Any:
    """The process's loaded recognizer; InputError if it has no partial transcripts."""
    engine = RECOGNIZERS.config(name).build()
    engine.load()
    return engine


def _partial_transcripts(samples: NDArray[np.float32], asr: str) -> tuple[tuple[int, str], ...]:
    """The partial transcript after every frame."""
    words: Any = _recognizer(asr).stream()
    if not isinstance(words, PartialStream):
        raise InputError(f"--asr {asr} has no partial transcripts; choose moonshine or pocketsphinx")
    found: list[tuple[int, str]] = []
    stream: Any = words
    for start in range(0, len(samples), FRAME):
        piece = samples[start : start + FRAME]
        stream.feed(Clip(piece, SPEECH_RATE_HZ))
        found.append((start + len(piece), stream.partial()))
    stream.close()
    return tuple(found)
