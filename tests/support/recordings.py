"""Small recordings whose content identifies each position."""

from pathlib import Path

import numpy as np

from voicelab.audio import codecs
from voicelab.audio.clip import Clip


def ramp(duration_s: float, rate_hz: int = 16_000) -> Clip:
    """Reproducible noise without repetitions."""
    noise = np.random.default_rng(7).uniform(-0.5, 0.5, round(duration_s * rate_hz))
    return Clip.from_pcm16(Clip(noise.astype(np.float32), rate_hz).to_pcm16(), rate_hz)


def write_recording(path: Path, duration_s: float = 0.2, rate_hz: int = 16_000) -> Path:
    """A recording in the format that the path's ending names; its folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    form = {".wav": "wav", ".flac": "flac", ".mp3": "mp3", ".ogg": "opus"}[path.suffix]
    path.write_bytes(codecs.encode(ramp(duration_s, rate_hz), form))
    return path
