"""Resource limits and cancellation of a decode."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass

from voicelab.errors import InputError, TurnTooLongError


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one decode, applied to both header values and decoded audio.

    longest_s: maximum duration in seconds. longest_cpu_s, cpu_share: CPU budget in seconds, plus this fraction per
    second of decoded audio. most_samples_per_s: rate times channels, so that eight channels are allowed at 48 kHz but
    not at 192 kHz.
    """

    longest_s: float = float("inf")
    lowest_rate_hz: int = 4_000
    highest_rate_hz: int = 192_000
    most_channels: int = 8
    most_samples_per_s: int = 384_000
    longest_cpu_s: float = 5.0
    cpu_share: float = 0.1

    def check_shape(self, rate_hz: int, channels: int, source: str) -> None:
        """Raise InputError for a rate or a channel count beyond the limits."""
        if not self.lowest_rate_hz <= rate_hz <= self.highest_rate_hz:
            bounds = f"{self.lowest_rate_hz} to {self.highest_rate_hz} Hz"
            raise InputError(f"{source}: {rate_hz} Hz is not supported; resample it to {bounds}")
        if not 1 <= channels <= self.most_channels:
            raise InputError(f"{source}: {channels} channels; the maximum is {self.most_channels}")
        if rate_hz * channels > self.most_samples_per_s:
            most_hz = self.most_samples_per_s // channels
            raise InputError(f"{source}: {channels} channels at {rate_hz} Hz; resample it to at most {most_hz} Hz")

    def check_length(self, decoded_s: float, source: str) -> None:
        """Raise TurnTooLongError for more seconds than longest_s."""
        if decoded_s > self.longest_s:
            raise TurnTooLongError(f"{source}: longer than {self.longest_s:g} s")


class DecodingStopped(Exception):  # noqa: N818 - nothing went wrong
    """A decode was cancelled and has no result."""


_RUNNING: weakref.WeakSet[Stop] = weakref.WeakSet()
_RUNNING_LOCK = threading.Lock()


class Stop:
    """Cancels a decode from another thread, and stops one that takes too long.

    The decoder checks it before every read and every packet.
    """

    def __init__(self, limits: Limits, source: str) -> None:
        self._limits = limits
        self._source = source
        self._cancelled = False
        self._began_s: float | None = None
        self._decoded_s = 0.0
        with _RUNNING_LOCK:
            _RUNNING.add(self)

    def cancel(self) -> None:
        """Stop the decode at its next read or packet, within milliseconds."""
        self._cancelled = True

    def is_over(self) -> bool:
        """Whether `check` would raise. Call it in the decoding thread."""
        try:
            self.check()
        except (DecodingStopped, InputError):
            return True
        return False

    def check(self, decoded_s: float = 0.0) -> None:
        """Raise DecodingStopped once cancelled, InputError once the CPU time is used up. Call it in the decoding
        thread.

        decoded_s: seconds of audio decoded so far.
        """
        if self._cancelled:
            raise DecodingStopped
        now_s = time.thread_time()
        if self._began_s is None:
            self._began_s = now_s
        self._decoded_s = max(self._decoded_s, decoded_s)
        allowed_s = self._limits.longest_cpu_s + self._limits.cpu_share * self._decoded_s
        if now_s - self._began_s > allowed_s:
            raise InputError(f"{self._source}: decoding exceeds {allowed_s:.3g} s of CPU time")


def cancel_all() -> None:
    """Cancel every decode of this process, at its exit."""
    with _RUNNING_LOCK:
        running = list(_RUNNING)
    for one in running:
        one.cancel()
