"""Speech that starts and ends at a known sample, so that all detectors must find the same times."""

from __future__ import annotations

import numpy as np

from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.datasets import load
from voicelab.paths import shipped

_LOUD = 0.15


def sharp_speech(index: int = 0, longest_s: float = 1.2) -> Clip:
    """The start of a shipped recording at 16 kHz, from its first loud sample to another loud sample."""
    clip = load(shipped("voice_samples")).samples[index].clip().at_rate(16_000)
    samples = clip.samples / np.abs(clip.samples).max()
    loud = np.flatnonzero(np.abs(samples) > _LOUD)
    loud = loud[loud < loud[0] + longest_s * clip.rate_hz]
    return Clip((0.6 * samples[loud[0] : loud[-1] + 1]).astype(np.float32), clip.rate_hz)


def recording(speech: Clip, *, leading_s: float = 0.2, trailing_s: float = 0.0) -> bytes:
    """A WAV file of this speech with silence around it."""
    silence = [Clip.silence(leading_s, speech.rate_hz), speech, Clip.silence(trailing_s, speech.rate_hz)]
    return codecs.encode_wav(Clip.join(silence))
