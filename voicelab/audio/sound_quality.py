"""Checks whether a recording is fit for a sample set: level, noise, clipping and truncation."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import Clip

Fault = Literal["silent", "quiet", "clipped", "noisy", "cut_start", "cut_end"]

FRAME_S = 0.02
QUIETEST_SPEECH_DBFS = -60.0
QUIET_DBFS = -38.0
CLIPPED_AT = 0.985
CLIPPED_RUN = 3
NOISY_SNR_DB = 15.0
EDGE_S = 0.06
_ABOVE_NOISE_DB = 12.0
_ALL_ALIKE_DB = 6.0
_NOTHING_DBFS = -120.0


@dataclass(frozen=True, slots=True)
class QualityIssue:
    """A problem with a recording, and what the speaker can do about it."""

    fault: Fault
    advice: str


@dataclass(frozen=True, slots=True)
class AudioQuality:
    """Measured values. Levels are root mean squares in dB below full scale; None without speech.

    speech_dbfs: of the frames (20 ms) with speech. noise_dbfs: the 10th percentile of all frames. clipped: samples in
    runs of three or more at full scale.
    """

    duration_s: float
    peak: float
    speech_dbfs: float | None
    noise_dbfs: float
    clipped: int
    findings: tuple[QualityIssue, ...]


def check(clip: Clip) -> AudioQuality:
    """Check one recording."""
    levels = _levels(clip)
    noise_dbfs = float(np.percentile(levels, 10)) if len(levels) else _NOTHING_DBFS
    loudest = float(levels.max(initial=_NOTHING_DBFS))
    above = loudest - noise_dbfs
    # If the recording is all speech, the quiet percentile is speech too and not a noise floor. If the noise is loud,
    # frames closer to the loudest frame than to the noise are speech.
    floor = noise_dbfs + min(_ABOVE_NOISE_DB, above / 2) if above > _ALL_ALIKE_DB else QUIETEST_SPEECH_DBFS
    speech = levels > max(floor, QUIETEST_SPEECH_DBFS)
    speech_dbfs = _mean_dbfs(levels[speech]) if speech.any() else None
    clipped = _clipped(clip.samples)
    if speech_dbfs is None:
        advice = "no audible sound; check that the right microphone is selected and not muted"
        findings = [QualityIssue("silent", advice)]
    else:
        findings = _findings(speech, levels, speech_dbfs, noise_dbfs, clipped)
    peak = float(np.abs(clip.samples).max(initial=0.0))
    return AudioQuality(clip.duration_s, peak, speech_dbfs, noise_dbfs, clipped, tuple(findings))


def _findings(
    speech: NDArray[np.bool_], levels: NDArray[np.float64], speech_dbfs: float, noise_dbfs: float, clipped: int
) -> list[QualityIssue]:
    above_db, edge = speech_dbfs - noise_dbfs, round(EDGE_S / FRAME_S)
    # Speech at its full level in the first or last frames was probably cut.
    loud = speech & (levels > speech_dbfs - 15.0)
    quiet = f"the speech is at {speech_dbfs:.0f} dBFS; come closer or raise the microphone's level"
    checks: tuple[tuple[bool, Fault, str], ...] = (
        (clipped > 0, "clipped", f"{clipped} samples are at full scale; move back or lower the microphone's level"),
        (speech_dbfs < QUIET_DBFS, "quiet", quiet),
        (above_db < NOISY_SNR_DB, "noisy", f"the noise is only {above_db:.0f} dB below the speech"),
        (bool(loud[:edge].any()), "cut_start", "speech starts immediately; wait a moment after starting"),
        (bool(loud[-edge:].any()), "cut_end", "speech continues to the end; wait a moment before stopping"),
    )
    return [QualityIssue(fault, advice) for is_found, fault, advice in checks if is_found]


def _levels(clip: Clip) -> NDArray[np.float64]:
    """Return the level of each complete frame in dBFS."""
    size = round(FRAME_S * clip.rate_hz)
    frames = clip.samples[: len(clip.samples) // size * size].reshape(-1, size)
    power = np.mean(np.square(frames, dtype=np.float64), axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 10 ** (_NOTHING_DBFS / 10))), dtype=np.float64)


def _mean_dbfs(levels: NDArray[np.float64]) -> float:
    return 10 * float(np.log10(np.mean(10 ** (levels / 10))))


def _clipped(samples: NDArray[np.float32]) -> int:
    """Count samples at full scale in runs of at least CLIPPED_RUN; a single one may be a true peak."""
    high = np.abs(samples) >= CLIPPED_AT
    edges = np.flatnonzero(np.diff(np.concatenate([[False], high, [False]]).astype(np.int8)))
    lengths = edges[1::2] - edges[::2]
    return int(lengths[lengths >= CLIPPED_RUN].sum())
