"""In-memory byte streams that FFmpeg reads from while data arrives. They have no file or address."""

from __future__ import annotations

import io
import re
import threading

from voicelab.audio.limits import Stop

_KEPT_BYTES = 16 * 2**20
_LONGEST_PATTERN = 64


class Pipe:
    """A byte stream written by one thread and read by another; reads block until data arrives."""

    def __init__(self, stop: Stop) -> None:
        self._stop = stop
        self._data = bytearray()
        self._changed = threading.Condition()
        self._ended = False
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
            return b"" if self._stop.is_over() else self._next(size)

    def _ready(self) -> bool:
        return bool(self._data)

    def _next(self, size: int) -> bytes:
        piece = bytes(memoryview(self._data)[:size])
        del self._data[: len(piece)]
        return piece


class SeekablePipe(Pipe):
    """A pipe that can seek back over the last 16 MiB, for containers with the index at the end (MP4)."""

    def __init__(self, stop: Stop) -> None:
        super().__init__(stop)
        self._position = 0
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

    def at(self, place: int, size: int) -> bytes:
        """Return the bytes at a position, fewer at the end of the stream or if they are no longer buffered."""
        with self._changed:
            while self._dropped + len(self._data) < place + size and not self._ended:
                self._changed.wait()
            start = place - self._dropped
            return bytes(self._data[start : start + size]) if start >= 0 else b""

    def find(self, pattern: re.Pattern[bytes], place: int) -> int | None:
        """Return the first position from `place` on where the pattern is, or None at the end of the stream."""
        with self._changed:
            while True:
                start = max(0, place - self._dropped)
                found = pattern.search(self._data, start)
                if found is not None:
                    return self._dropped + found.start()
                if self._ended:
                    return None
                # A match may span these bytes and the next ones.
                place = max(place, self._dropped + len(self._data) - _LONGEST_PATTERN)
                self._changed.wait()

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
