"""Audio for tests of detection: words from eSpeak NG, a cough, and the noise of a quiet room."""

import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from functools import cache

import numpy as np

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.tts.espeak import Espeak

ROOM_DBFS = -60.0


def _speak(texts):
    voice = Espeak()
    voice.load()
    return [voice.speak(text).at_rate(SPEECH_RATE_HZ) for text in texts]


@cache
def spoken(*texts):
    """Each text's audio without surrounding silence; eSpeak keeps its state in globals and runs in its own process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return dict(zip(texts, map(trimmed, pool.submit(_speak, texts).result()), strict=True))


def trimmed(clip, threshold_dbfs=-45.0):
    loud = np.flatnonzero(np.abs(clip.samples) > 10 ** (threshold_dbfs / 20))
    return Clip(clip.samples[loud[0] : loud[-1] + 1], clip.rate_hz)


def cough(seed=0):
    """Two decaying bursts of noise with formants at 700, 1300 and 2600 Hz."""
    chance = np.random.default_rng(seed)
    parts = []
    for duration_s, level in ((0.13, 0.5), (0.2, 0.3)):
        instants = np.arange(round(duration_s * SPEECH_RATE_HZ)) / SPEECH_RATE_HZ
        noise = chance.standard_normal(len(instants))
        ringing = sum(np.exp(-instants * 300) * np.sin(2 * np.pi * hz * instants) for hz in (700, 1300, 2600))
        burst = np.convolve(noise, ringing)[: len(instants)] * np.exp(-instants * 4 / duration_s)
        parts += [level * burst / np.abs(burst).max(), np.zeros(round(0.09 * SPEECH_RATE_HZ))]
    return Clip(np.concatenate(parts).astype(np.float32), SPEECH_RATE_HZ)


def in_a_room(*parts, after_s=2.0, seed=0):
    """Clips and pauses (seconds) in sequence, with noise throughout and at the end."""
    clips = [part if isinstance(part, Clip) else Clip.silence(part) for part in (*parts, after_s)]
    whole = Clip.join(clips).samples
    noise = np.random.default_rng(seed).standard_normal(len(whole)) * 10 ** (ROOM_DBFS / 20)
    return Clip((whole + noise).astype(np.float32), SPEECH_RATE_HZ)


def chunked(clip, seed, longest_s=0.05):
    """The clip in pieces of any length up to longest_s, some of them empty: what a jittering producer sends."""
    chance = np.random.default_rng(seed)
    pieces, at = [], 0
    while at < len(clip.samples):
        length = int(chance.integers(0, round(longest_s * SPEECH_RATE_HZ) + 1))
        pieces.append(Clip(clip.samples[at : at + length], clip.rate_hz))
        at += length
    return pieces
