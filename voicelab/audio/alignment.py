"""Detects integer PCM that is misaligned by part of a sample, because bytes were lost or added, and realigns it.

In audio, the most significant bytes of successive samples differ little, and the less significant bytes are close to
noise. In misaligned PCM they are interchanged. The criteria are strict, so that aligned audio is never changed. Without
evidence, for example in silence, the bytes are returned unchanged.
"""

import numpy as np
from numpy.typing import NDArray

_WINDOW = 64
"""Frames per window."""
_LEAST_WINDOWS = 16
_MOST_WINDOWS = 256
"""Maximum number of windows that are held back while they may be misaligned."""
_FED_WINDOWS = 32
"""Longer pieces are examined in parts."""
_STEP_WINDOWS = 8
"""Windows that are held back are examined again after this many more."""
_NOISE = (40.0, 90.0)
"""Range of the mean difference between successive bytes of noise; 64 if all values are equally likely."""
_SLOW = 20.0
"""Maximum mean difference of bytes that are not noise."""
_LEAST_VALUES = 12
"""A square wave has fewer values."""
_LEAST_RANGE = 12
"""Values within a smaller range, without the outermost ones, may be dither."""
_LEAST_PAIRS = 1.4
"""Pairs of bytes per value of one of them; 1 where one byte is computed from the other."""
_PEAK = 64
"""Larger differences belong to single values, not to audio."""
_QUIET = 0.5
"""Maximum mean difference between the most significant bytes of quiet audio."""
_LEAST_CARRIES = 24
_CARRIES = ((64, 0.6, 0.1), (16, 0.98, 0.5))
"""Evidence for a shift: the least number of values of the lower byte, the least share of its wraps that carry with the
shift, and the limit of this share without it. In unrelated bytes, at most a third carry."""


class Realigner:
    """Returns PCM in whole, aligned frames. It holds bytes back only while they may be misaligned.

    sample_bytes: 2 to 4. big_endian: whether the most significant byte comes first. faults: number of
    corrections of the alignment.
    """

    def __init__(self, sample_bytes: int, channels: int, *, big_endian: bool = False) -> None:
        self._shifts = range(sample_bytes)
        self._frame = sample_bytes * channels
        self._tops = np.arange(0, self._frame, sample_bytes) + (0 if big_endian else sample_bytes - 1)
        self._below = 1 if big_endian else -1
        self._held = b""
        self._before = b""
        self._is_holding = False
        self._is_released = False
        self._examined_at = 0
        self.faults = 0

    def feed(self, data: bytes) -> bytes:
        """Return the frames that are ready."""
        size, out = _FED_WINDOWS * _WINDOW * self._frame, []
        for start in range(0, len(data), size):
            self._held += data[start : start + size]
            out.append(self._examined(last=False))
        return b"".join(out)

    def finish(self) -> bytes:
        """Return the remaining whole frames."""
        return self._examined(last=True)

    def _examined(self, *, last: bool) -> bytes:
        out = b""
        while frames := len(self._held) // self._frame:
            if self._is_holding and not last and frames < self._examined_at:
                break
            self._examined_at = frames + _STEP_WINDOWS * _WINDOW
            steps = self._steps(frames)
            means = self._by_shift(steps)
            doubtful = _doubtful(means)
            if not self._is_holding:
                self._is_released = self._is_released and bool(doubtful[-1])
                self._is_holding = bool(doubtful.any()) and not self._is_released
                if not self._is_holding:
                    return out + self._passed(frames)
                # The first misaligned byte may be in the window before.
                out += self._passed((int(np.argmax(doubtful)) - 1) * _WINDOW - len(self._before) // self._frame)
                continue
            shift = self._shift(steps)
            if shift is not None:
                out += self._passed(self._place(steps, shift) - len(self._before) // self._frame)
                self._held, self._before = self._held[shift:], b""
                self._is_holding = False
                self.faults += 1
                continue
            is_clear = len(means) > 2 and _is_clear(means[-2:])
            if not (is_clear or last or len(means) >= _MOST_WINDOWS):
                break
            self._is_holding, self._is_released = False, not is_clear
            return out + self._passed(frames)
        return out

    def _passed(self, frames: int) -> bytes:
        """Remove frames from the start of the held bytes, and remember the last of them."""
        size = max(0, frames) * self._frame
        piece, self._held = self._held[:size], self._held[size:]
        self._before = (self._before + piece)[-_WINDOW * self._frame :]
        return piece

    def _steps(self, frames: int) -> NDArray[np.int16]:
        """Return the absolute difference between each byte of a frame and the next frame's, modulo 256.

        Shape (frames - 1, bytes per frame).
        """
        data = self._before + self._held
        values = np.frombuffer(data, np.int8, len(self._before) + frames * self._frame).reshape(-1, self._frame)
        return np.abs((values[1:] - values[:-1]).astype(np.int16))

    def _shift(self, steps: NDArray[np.int16]) -> int | None:
        """Return the number of bytes to omit so that the samples are aligned, or None without evidence."""
        means, peaks = self._by_shift(steps), self._by_shift(steps, peaks=True)
        doubtful = _doubtful(means)
        found: dict[float, int] = {}
        for channel, top in enumerate(self._tops.tolist()):
            for shift in self._shifts[1:]:
                loud = _changed_places(means, shift, channel) & (peaks[:, shift, channel] < _PEAK)
                then = self._values(top + shift, loud)
                is_found = 2 * loud.sum() >= _is_noise(means[:, 0, channel]).sum() and loud.sum() >= _LEAST_WINDOWS
                is_found = is_found and _are_samples(self._values(top, loud), then)
                if not is_found:
                    quiet = doubtful & (means[:, shift, channel] < _QUIET)
                    now, then = self._values(top, quiet), self._values(top + shift, quiet)
                    is_found = self._is_top(means[quiet], shift, channel) and _carries_more(now, then)
                    # Where the lower bytes repeat the upper one, they look like a quieter sound.
                    is_found = is_found and (self._is_top_below(shift) or _are_unrelated(now >> 8, then & 255))
                if is_found:
                    found[_roughness(then)] = shift
        return found[min(found)] if found else None

    def _is_top_below(self, shift: int) -> bool:
        """Whether what is now the most significant byte is the one below it with this shift."""
        return (shift + self._below) % len(self._shifts) == 0

    def _is_top(self, means: NDArray[np.float64], shift: int, channel: int) -> bool:
        """Whether no byte of a sample is above the one at this shift; a quiet sample's upper bytes are all signs."""
        above = means[:, (shift - self._below) % len(self._shifts), channel].sum()
        return bool(above == 0 or above > means[:, shift, channel].sum())

    def _by_shift(self, steps: NDArray[np.int16], *, peaks: bool = False) -> NDArray[np.float64]:
        """Return the mean or maximum difference of the most significant bytes, by window, shift and channel."""
        return _by_window(steps, peaks=peaks)[:, (self._tops + np.array(self._shifts)[:, None]) % self._frame]

    def _values(self, top: int, windows: NDArray[np.bool_]) -> NDArray[np.int32]:
        """Return the two upper bytes of the samples whose most significant byte is at this position of the frame."""
        chosen = np.repeat(windows, _WINDOW)
        data = self._before + self._held
        upper = np.frombuffer(data, np.int8)[top :: self._frame].astype(np.int32)
        lower = np.frombuffer(data, np.uint8)[top + self._below :: self._frame]
        count = min(len(upper), len(lower), len(chosen))
        return (256 * upper[:count] + lower[:count])[chosen[:count]]

    def _place(self, steps: NDArray[np.int16], shift: int) -> int:
        """Return the frame from which on shifted samples differ less from their neighbours."""
        gain = (steps[:, self._tops] - steps[:, (self._tops + shift) % self._frame]).sum(axis=1)
        return int(np.argmin(np.concatenate([[0], np.cumsum(gain)])))


def _by_window(steps: NDArray[np.int16], *, peaks: bool) -> NDArray[np.float64]:
    """Return the mean or maximum difference in each window; the last window includes the remaining frames."""
    if not len(steps):
        return np.zeros((1, steps.shape[1]))
    starts = np.arange(0, max(1, len(steps) - _WINDOW + 1), _WINDOW)
    if peaks:
        return np.maximum.reduceat(steps, starts).astype(np.float64)
    lengths = np.diff(starts, append=len(steps))
    return np.asarray(np.add.reduceat(steps, starts, dtype=np.int64) / lengths[:, None], np.float64)


def _doubtful(means: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether a byte other than the most significant one differs least, by window."""
    top, others = means[:, :1], means[:, 1:]
    return np.asarray(((others > 0) & (2 * others < top)).any(axis=(1, 2)), np.bool_)


def _is_clear(means: NDArray[np.float64]) -> bool:
    """Whether the most significant bytes clearly differ least."""
    top, others = means[:, :1], means[:, 1:]
    return bool(np.all((2 * top < others) | (others == 0)) and others.any())


def _is_noise(means: NDArray[np.float64]) -> NDArray[np.bool_]:
    return np.asarray((means > _NOISE[0]) & (means < _NOISE[1]), np.bool_)


def _changed_places(means: NDArray[np.float64], shift: int, channel: int) -> NDArray[np.bool_]:
    """Whether the most significant bytes of a channel are noise, and those at the shift are not, by window.

    False for all windows if a later one has the most significant bytes of any channel in their place.
    """
    noise, slow = _is_noise(means), (means > 0) & (means < _SLOW)
    others = np.delete(noise | (means == 0), shift, axis=1)[:, :, channel].all(axis=1)
    out: NDArray[np.bool_] = noise[:, 0, channel] & slow[:, shift, channel] & others
    moves_least = ~(2 * means[:, 1:] < means[:, :1]).any(axis=1)
    in_place = (slow[:, 0] & noise[:, 1:].any(axis=1) & moves_least).any(axis=1) & (out.cumsum() > 0)
    return out & ~in_place.any()


def _are_samples(now: NDArray[np.int32], then: NDArray[np.int32]) -> bool:
    """Whether the upper bytes are neither a square wave nor dither, and are not computed from each other."""
    one, other = now >> 8, then >> 8
    lowest, highest = np.quantile(other, [0.02, 0.98])
    is_wide = len(np.unique(one)) >= _LEAST_VALUES and bool(highest - lowest >= _LEAST_RANGE)
    return is_wide and _are_unrelated(one, other)


def _are_unrelated(one: NDArray[np.int32], other: NDArray[np.int32]) -> bool:
    """Whether neither the bytes of the same sample nor those of the next one are computed from each other."""
    for lag in (0, 1):
        first, second = one[lag:], other[: len(other) - lag]
        count = min(len(first), len(second))
        pairs = len(np.unique(256 * first[:count] + second[:count]))
        if pairs < _LEAST_PAIRS * len(np.unique(first[:count])):
            return False
    return True


def _roughness(values: NDArray[np.int32]) -> float:
    """Return the mean difference between successive values, relative to the level."""
    return float(np.abs(np.diff(values)).mean() / (np.abs(values - values.mean()).mean() + 1))


def _carries_more(now: NDArray[np.int32], then: NDArray[np.int32]) -> bool:
    """Whether the upper byte changes when the lower one wraps around, but only with the shift.

    This also detects quiet audio, in which the upper bytes are only signs.
    """
    (_, share_now), (values, share_then) = _carried(now), _carried(then)
    return any(values >= least and share_then >= most and share_now < limit for least, most, limit in _CARRIES)


def _carried(values: NDArray[np.int32]) -> tuple[int, float]:
    """Return the number of values of the lower byte, and the share of its wraps at which the upper one changes."""
    wraps = np.abs(np.diff(values & 255)) > 128
    if wraps.sum() < _LEAST_CARRIES:
        return 0, 1.0
    return len(np.unique(values & 255)), float((np.abs(np.diff(values))[wraps] < 128).mean())
