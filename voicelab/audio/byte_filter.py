"""Byte streams, and the base of those that remove damaged or unwanted bytes from another one."""

from typing import Protocol

_READ_BYTES = 4096


class ByteReader(Protocol):
    """A stream of bytes; returns b"" at the end."""

    def read(self, size: int) -> bytes: ...


class ByteFilter:
    """Reads a source and passes on some of its bytes. Subclasses define `_pass_on`.

    _buffer: bytes that were read and not passed on yet. _out: bytes to pass on.
    """

    def __init__(self, source: ByteReader) -> None:
        self._source = source
        self._buffer = bytearray()
        self._out = bytearray()
        self._is_at_end = False

    def read(self, size: int) -> bytes:
        """Return at most this many bytes; b"" at the end."""
        while not self._out and not (self._is_at_end and not self._buffer):
            self._pass_on()
        piece = bytes(self._out[:size])
        del self._out[: len(piece)]
        return piece

    def _pass_on(self) -> None:
        """Move bytes from the buffer to the output, drop some, or read more."""
        raise NotImplementedError

    def _more(self) -> bool:
        """Read more bytes into the buffer; return False at the end of the source."""
        data = b"" if self._is_at_end else self._source.read(_READ_BYTES)
        self._buffer += data
        self._is_at_end = not data
        return bool(data)

    def _take(self, count: int) -> None:
        """Move bytes from the start of the buffer to the output."""
        self._out += self._buffer[:count]
        del self._buffer[:count]
