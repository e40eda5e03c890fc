"""Resource limits and cancellation of a decode."""

from __future__ import annotations

import threading
import time
import weakref
from dataclasses import dataclass

from voicelab.audio.damage import Damage
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


class DecodingStopped(Exception):  # noqa: N818 - nothing went wrong
    """A decode was cancelled and has no result."""


_RUNNING: weakref.WeakSet[DecodeJob] = weakref.WeakSet()
_RUNNING_LOCK = threading.Lock()


class DecodeJob:
    """One decode. It can be cancelled from another thread, and is stopped if it takes too long.

    source: name of the recording in error messages. rate_hz: output rate; None keeps the recording's own. damage: what
    could not be decoded so far. The decoder calls `check` before every read and every packet.
    """

    def __init__(self, source: str, limits: Limits | None = None, rate_hz: int | None = None) -> None:
        self.source = source
        self.limits = limits or Limits()
        self.rate_hz = rate_hz
        self.damage = Damage()
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

    def check(self) -> None:
        """Raise DecodingStopped once cancelled, InputError once the CPU time is used up. Call it in the decoding
        thread.
        """
        if self._cancelled:
            raise DecodingStopped
        now_s = time.thread_time()
        if self._began_s is None:
            self._began_s = now_s
        self._decoded_s = max(self._decoded_s, self.damage.decoded_s)
        allowed_s = self.limits.longest_cpu_s + self.limits.cpu_share * self._decoded_s
        if now_s - self._began_s > allowed_s:
            raise InputError(f"{self.source}: decoding exceeds {allowed_s:.3g} s of CPU time")

    def check_shape(self, rate_hz: int, channels: int) -> None:
        """Raise InputError for a rate or a channel count beyond the limits."""
        limits = self.limits
        if not limits.lowest_rate_hz <= rate_hz <= limits.highest_rate_hz:
            bounds = f"{limits.lowest_rate_hz} to {limits.highest_rate_hz} Hz"
            raise InputError(f"{self.source}: {rate_hz} Hz is not supported; resample it to {bounds}")
        if not 1 <= channels <= limits.most_channels:
            raise InputError(f"{self.source}: {channels} channels; the maximum is {limits.most_channels}")
        if rate_hz * channels > limits.most_samples_per_s:
            most_hz = limits.most_samples_per_s // channels
            raise InputError(f"{self.source}: {channels} channels at {rate_hz} Hz; resample it to at most {most_hz} Hz")

    def check_length(self, decoded_s: float) -> None:
        """Raise TurnTooLongError for more seconds than the limit."""
        if decoded_s > self.limits.longest_s:
            raise TurnTooLongError(f"{self.source}: longer than {self.limits.longest_s:g} s")


def cancel_all() -> None:
    """Cancel every decode of this process, at its exit."""
    with _RUNNING_LOCK:
        running = list(_RUNNING)
    for one in running:
        one.cancel()
