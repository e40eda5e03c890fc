"""The sizes of a connection's socket reads, so that parsing one read takes the event loop a short time."""

import asyncio
from contextlib import suppress

_LEAST_BYTES = 128
_FIRST_BYTES = 4096
_LONG_PARSE_S = 0.0005


class ReadSizes:
    """Sets the size of the next read by the time that the last one took.

    64 KiB can hold 11,000 pings or chunks of a body, which take a hundred times as long as one frame or chunk of
    that size. most_bytes: maximum size of a read.
    """

    def __init__(self, transport: asyncio.BaseTransport, most_bytes: int) -> None:
        self._transport = transport
        self._most_bytes = most_bytes
        self._bytes = min(_FIRST_BYTES, most_bytes)
        self._set(self._bytes)

    def fit(self, parse_s: float, *, at_least: int = 0) -> None:
        """Halve the size after a read whose parsing took long, else double it. at_least: of the next read in bytes."""
        if parse_s > _LONG_PARSE_S:
            self._bytes = max(_LEAST_BYTES, self._bytes // 2)
        else:
            self._bytes = min(self._most_bytes, 2 * self._bytes)
        self._set(max(at_least, self._bytes))

    def _set(self, size: int) -> None:
        with suppress(AttributeError):  # max_size exists only in asyncio's own transports
            self._transport.max_size = size  # type: ignore[attr-defined]
