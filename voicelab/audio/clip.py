"""A mono clip: float32 samples and their rate. Only this module converts between seconds and samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
import soxr
from numpy.typing import NDArray

SPEECH_RATE_HZ = 16_000
"""Sample rate of the audio passed to recognizers, in Hz."""

_PER_STEP = np.float32(1 / 32768)


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """Mono audio.

    samples: shape (n,), float32, -1..1, read-only: engines share this array and must not write to it. rate_hz: samples
    per second.
    """

    samples: NDArray[np.float32]
    rate_hz: int

    def __post_init__(self) -> None:
        if self.samples.ndim != 1 or self.samples.dtype != np.float32:
            raise ValueError(f"a Clip takes float32 of shape (n,), not {self.samples.dtype} of {self.samples.shape}")
        if self.rate_hz <= 0:
            raise ValueError(f"rate_hz must be positive, not {self.rate_hz}")
        if self.samples.flags.writeable:
            view = self.samples.view()
            view.flags.writeable = False
            object.__setattr__(self, "samples", view)

    @classmethod
    def silence(cls, duration_s: float, rate_hz: int = SPEECH_RATE_HZ) -> Self:
        """Return digital silence."""
        return cls(np.zeros(round(duration_s * rate_hz), dtype=np.float32), rate_hz)

    @classmethod
    def from_pcm16(cls, data: bytes | NDArray[np.int16], rate_hz: int) -> Self:
        """Read little-endian 16-bit mono PCM. Raises ValueError for an odd number of bytes."""
        if isinstance(data, bytes):
            if len(data) % 2:
                raise ValueError(f"16-bit PCM has an even number of bytes, not {len(data)}")
            data = np.frombuffer(data, dtype="<i2")
        return cls(np.multiply(data, _PER_STEP, dtype=np.float32), rate_hz)

    @classmethod
    def join(cls, clips: Sequence[Clip]) -> Clip:
        """Concatenate one or more clips of the same rate."""
        if len(clips) == 1:
            return clips[0]
        rates = {clip.rate_hz for clip in clips}
        if len(rates) != 1:
            raise ValueError(f"clips to join must have one rate, not {sorted(rates)}")
        return Clip(np.concatenate([clip.samples for clip in clips]), rates.pop())

    def __repr__(self) -> str:
        return f"Clip of {self.duration_s:.2f} s, {self.rate_hz} Hz, {self.level_dbfs:.1f} dBFS"

    def _repr_html_(self) -> str:
        from voicelab.audio.display import clip_html

        return f"<p>{self!r}</p>{clip_html(self)}"

    @property
    def duration_s(self) -> float:
        return len(self.samples) / self.rate_hz

    @property
    def level_dbfs(self) -> float:
        """Root mean square in dB below full scale; -inf for digital silence or an empty clip."""
        if not len(self.samples):
            return float("-inf")
        mean_square = float(np.mean(np.square(self.samples, dtype=np.float64)))
        return 10 * float(np.log10(mean_square)) if mean_square else float("-inf")

    def to_pcm16(self) -> bytes:
        """Return little-endian 16-bit mono PCM, clipped at full scale."""
        scaled = np.rint(self.samples * 32768.0)
        data: bytes = np.clip(scaled, -32768, 32767).astype("<i2").tobytes()
        return data

    def at_rate(self, rate_hz: int) -> Clip:
        """Resample (soxr, high quality)."""
        if rate_hz == self.rate_hz:
            return self
        return Clip(np.asarray(soxr.resample(self.samples, self.rate_hz, rate_hz), dtype=np.float32), rate_hz)

    def between(self, start_s: float, end_s: float) -> Clip:
        """Return the part from start_s to end_s, limited to the clip."""
        return Clip(self.samples[round(start_s * self.rate_hz) : round(end_s * self.rate_hz)], self.rate_hz)

    def sound_start_s(self, threshold_dbfs: float = -50.0) -> float | None:
        """Return the time of the first sample above threshold_dbfs in seconds, or None."""
        loud = np.flatnonzero(np.abs(self.samples) > 10 ** (threshold_dbfs / 20))
        return float(loud[0]) / self.rate_hz if len(loud) else None


class Resampler:
    """Resamples a stream piece by piece, without discontinuities."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._to_hz = to_hz
        self._stream = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="float32")

    def feed(self, clip: Clip, *, last: bool = False) -> Clip:
        """Return the samples that are ready; with last=True, all remaining ones."""
        if self._stream is None:
            return clip
        return Clip(np.asarray(self._stream.resample_chunk(clip.samples, last=last), dtype=np.float32), self._to_hz)
