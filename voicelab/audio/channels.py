"""Converts frames of any sample format and channel count to one channel of float32."""

from typing import Any, cast

import av
import numpy as np
from numpy.typing import NDArray

from voicelab.audio.downmix import Downmix
from voicelab.errors import InputError

_INT16_SCALE = np.float32(1 / 32768)
_LOUDEST_UNIT = 8.0
"""18 dB over full scale; audio in ±1 never reaches this level."""
_LOUDEST_INT16 = 65_536.0
_LOUDEST_INT32 = 2.0**31
_LEAST_SAMPLES = 64
"""Among this many floats that are read from other data, some exceed the range of 32-bit integers."""
_HELD_S = 1.0


class Mixer:
    """Mixes the frames of one stream to one channel.

    floats: the samples are stored as floating point. Their range is either ±1 or that of 16-bit integers, which is
    scaled to ±1. The first second of such a stream is held back until its range is known.

    garbled_s: seconds of frames whose floats are no samples, such as bytes of text. These frames are left out.
    """

    def __init__(self, source: str, *, floats: bool = False) -> None:
        self._source = source
        self._is_float = floats
        self._scale: np.float32 | None = None if floats else np.float32(1)
        self._most = _LOUDEST_UNIT if floats else float("inf")
        self._held: list[NDArray[np.floating]] = []
        self._held_s = 0.0
        self.garbled_s = 0.0
        self._downmix = Downmix()

    def mix(self, frame: av.AudioFrame) -> NDArray[np.float32]:
        """Return the available samples of one channel, shape (n,). Raises InputError for floats in an unknown range."""
        samples: NDArray[Any] = frame.to_ndarray()
        if not frame.format.is_planar:
            samples = samples.reshape(-1, frame.layout.nb_channels).T
        if samples.dtype.kind == "u":
            return self._downmix.mix((samples.astype(np.float32) - np.float32(128)) / np.float32(128))
        if samples.dtype.kind == "i":
            return self._downmix.mix(samples.astype(np.float32) / np.float32(2.0 ** (8 * samples.dtype.itemsize - 1)))
        samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
        peak = float(np.abs(samples).max(initial=0.0))
        if self._is_float and _LOUDEST_INT16 < peak <= _LOUDEST_INT32 and samples.size >= _LEAST_SAMPLES:
            raise self._beyond(peak)
        if peak > _LOUDEST_INT16:
            self.garbled_s += frame.samples / frame.sample_rate
            return np.zeros(0, np.float32)
        if self._scale is None:
            self._held.append(samples)
            self._held_s += frame.samples / frame.sample_rate
            self._scale = self._scale_of(samples)
            return self.rest() if self._scale is not None else np.zeros(0, np.float32)
        return self._downmix.mix(self._in_range(samples))

    def rest(self) -> NDArray[np.float32]:
        """Return the samples still held back, as one channel."""
        self._scale = self._scale or np.float32(1)
        held, self._held = self._held, []
        return np.concatenate([np.zeros(0, np.float32), *(self._downmix.mix(self._in_range(one)) for one in held)])

    def _scale_of(self, samples: NDArray[np.floating]) -> np.float32 | None:
        """Return the factor that scales the stream to ±1, or None while it is unknown."""
        peak = float(np.abs(samples).max(initial=0.0))
        # Only integral values: 16-bit samples, however quiet. In ±1 they would be a square wave.
        if peak > _LOUDEST_UNIT or (peak >= 1 and not np.mod(samples, 1).any()):
            self._most = _LOUDEST_INT16
            return _INT16_SCALE
        return np.float32(1) if self._held_s >= _HELD_S else None

    def _in_range(self, samples: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the floats scaled to ±1."""
        peak = float(np.abs(samples).max(initial=0.0))
        if peak > self._most:
            raise self._beyond(peak)
        assert self._scale is not None
        scaled = np.clip(samples * self._scale, -1.0, 1.0)
        return cast("NDArray[np.float32]", scaled.astype(np.float32, copy=False))

    def _beyond(self, peak: float) -> InputError:
        found = f"floating-point samples up to {peak:.4g}, but full scale is 1"
        return InputError(f"{self._source}: {found}; write 16-bit samples, or scale it to ±1")
