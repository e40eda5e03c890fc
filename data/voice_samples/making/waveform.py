"""Samples, and the steps from a synthesizer's output to an Ogg Opus file."""

import io

import av
import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]
"""Shape (n,), mono, full scale is -1..1."""

RATE_HZ = 16_000
FRAME = RATE_HZ // 50  # 20 ms
BITRATE = 32_000
LEVEL_DBFS = -23.0
PEAK_LIMIT = 0.89  # -1 dBFS, so that the codec's overshoot does not clip
BEFORE_S = 0.15
AFTER_S = 0.25
SILENCE_DB = -45.0  # below the loudest frame; quieter frames at the ends are silence


def prepare(samples: Samples, rate_hz: int) -> Samples:
    """Resample to RATE_HZ, cut the synthesizer's silence, bring to LEVEL_DBFS and add our own silence."""
    if rate_hz != RATE_HZ:
        samples = soxr.resample(samples, rate_hz, RATE_HZ)
    return pad(normalize(trim(samples)))


def frame_db(samples: Samples) -> npt.NDArray[np.float64]:
    """RMS of each 20 ms frame, in dB relative to full scale."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
    return np.asarray(10 * np.log10(np.mean(frames**2, axis=1) + 1e-12))


def trim(samples: Samples) -> Samples:
    """Cut silence from both ends, leaving one frame of margin."""
    level = frame_db(samples)
    loud = np.flatnonzero(level > level.max() + SILENCE_DB)
    return samples[max(0, loud[0] - 1) * FRAME : (loud[-1] + 2) * FRAME]


def normalize(samples: Samples) -> Samples:
    """Scale to LEVEL_DBFS over the frames that hold speech, never above PEAK_LIMIT."""
    level = frame_db(samples)
    speech = level[level > level.max() - 30.0]
    rms = float(np.sqrt(np.mean(10 ** (speech / 10))))
    gain = min(10 ** (LEVEL_DBFS / 20) / rms, PEAK_LIMIT / float(np.abs(samples).max()))
    return (samples * gain).astype(np.float32)


def pad(samples: Samples) -> Samples:
    """Add the silence before and after, rounded up to whole frames."""
    before, after = round(BEFORE_S * RATE_HZ), round(AFTER_S * RATE_HZ)
    after += -(before + len(samples) + after) % FRAME
    return np.pad(samples, (before, after))


def encode(samples: Samples) -> bytes:
    """Ogg Opus bytes of 16 kHz mono samples, the same for the same input."""
    pcm = np.round(samples * 32767).astype(np.int16)
    sink = io.BytesIO()
    with av.open(sink, "w", format="ogg", options={"fflags": "+bitexact"}) as container:
        options = {"application": "audio", "frame_duration": "20", "flags": "+bitexact"}
        stream = container.add_stream("libopus", rate=RATE_HZ, options=options)
        stream.bit_rate = BITRATE
        stream.layout = "mono"
        stream.format = "s16"
        for start in range(0, len(pcm), FRAME):
            frame = av.AudioFrame.from_ndarray(pcm[None, start : start + FRAME], format="s16", layout="mono")
            frame.sample_rate = RATE_HZ
            frame.pts = start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return sink.getvalue()
