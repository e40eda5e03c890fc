"""In-memory byte streams that FFmpeg reads from while data arrives. They have no file or address."""

import io
import re
import threading

from voicelab.audio.limits import DecodeJob

_KEPT_BYTES = 16 * 2**20
_SEARCHED_BYTES = 16 * 2**10
_LONGEST_PATTERN = 64


class Pipe:
    """A byte stream written by one thread and read by another; reads block until data arrives."""

    def __init__(self, job: DecodeJob) -> None:
        self._job = job
        self._data = bytearray()
        self._changed = threading.Condition()
        self._ended = False
        self._position = 0
        self.total = 0

    def put(self, data: bytes) -> None:
        with self._changed:
            if not self._ended:
                self._data += data
                self.total += len(data)
                self._changed.notify()

    def end(self, *, drop: bool = False) -> None:
        """Mark the end of the data. drop: discard unread bytes."""
        with self._changed:
            self._ended = True
            if drop:
                self._data.clear()
            self._changed.notify()

    def read(self, size: int) -> bytes:
        """Return up to `size` bytes; b"" at the end or after cancellation.

        Never raises: FFmpeg retries after an error, and PyAV prints exceptions that it cannot raise.
        """
        with self._changed:
            while not self._ready() and not self._ended:
                self._changed.wait()
            return b"" if self._job.is_over() else self._next(size)

    def unread_bytes(self) -> int | None:
        """Return the number of bytes that are not read yet; None if more may arrive."""
        with self._changed:
            return self.total - self._position if self._ended else None

    def _ready(self) -> bool:
        return bool(self._data)

    def _next(self, size: int) -> bytes:
        piece = bytes(memoryview(self._data)[:size])
        del self._data[: len(piece)]
        self._position += len(piece)
        return piece


class SeekablePipe(Pipe):
    """A pipe that can seek back over the last 16 MiB, for containers with the index at the end (MP4)."""

    def __init__(self, job: DecodeJob) -> None:
        super().__init__(job)
        self._dropped = 0

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return the new position; -1 for a position that is unknown or no longer buffered."""
        position = offset if whence == io.SEEK_SET else self._position + offset
        if whence == io.SEEK_END or position < self._dropped:
            return -1
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def at(self, place: int, least: int, most: int = 0) -> bytes:
        """Return `least` bytes at a position, or up to `most` that have arrived.

        Fewer at the end of the stream, or if they are not buffered.
        """
        with self._changed:
            while not self._has(place + least):
                self._changed.wait()
            start = place - self._dropped
            return bytes(memoryview(self._data)[start : start + max(least, most)]) if start >= 0 else b""

    def find(self, pattern: re.Pattern[bytes], place: int) -> int | None:
        """Return the first position from `place` on where the pattern is; None if it is not in the buffered stream."""
        while True:
            # In small steps, because a search holds the GIL.
            piece = self.at(place, _LONGEST_PATTERN + 1, _SEARCHED_BYTES)
            found = pattern.search(piece)
            if found is not None:
                return place + found.start()
            if len(piece) <= _LONGEST_PATTERN or self._job.is_over():
                return None
            place += len(piece) - _LONGEST_PATTERN

    def holds(self, pattern: re.Pattern[bytes]) -> bool:
        """Whether the pattern is in the buffered bytes."""
        with self._changed:
            return pattern.search(self._data) is not None

    def _has(self, end: int) -> bool:
        """Whether to stop waiting for the bytes up to this position."""
        return self._ended or end <= self._dropped + len(self._data) or len(self._data) > 4 * _KEPT_BYTES

    def _ready(self) -> bool:
        return self._position < self._dropped + len(self._data)

    def _next(self, size: int) -> bytes:
        start = self._position - self._dropped
        piece = bytes(memoryview(self._data)[start : start + size])
        self._position += len(piece)
        surplus = self._position - self._dropped - 2 * _KEPT_BYTES
        if surplus > 0:
            del self._data[: surplus + _KEPT_BYTES]
            self._dropped += surplus + _KEPT_BYTES
        return piece
