"""Reads the intact pages of an Ogg stream (RFC 3533), and measures what is missing between them.

FFmpeg's demuxer trusts the sizes in a damaged page's header, and so may skip up to 64 KiB of intact pages.
"""

import struct
import zlib

from voicelab.audio.byte_filter import ByteFilter, ByteReader

_HEADER = struct.Struct("<4sBBqIIIB")
_SIGN = b"OggS"
_CHECKSUM = slice(22, 26)
_FIRST, _FLAGS = 2, 8
_UNKNOWN = -1
_MOST_PAGES = 1_000
"""Largest plausible step between page numbers. A larger one in a damaged header is ignored."""


class OggPages(ByteFilter):
    """Passes on the pages whose checksum is right. is_damaged: some are missing between them."""

    def __init__(self, source: ByteReader) -> None:
        super().__init__(source)
        self._streams: set[int] = set()
        self._last, self._sequence = 0, -1
        self._dropped = 0
        self._has_audio = self._starts_damaged = self.is_damaged = False

    def length(self, start: int) -> int | None:
        """Return the time from the first to the last position, in the stream's own units.

        start: the position of the first intact audio. None for several streams, whose units are not comparable.
        """
        return self._last - (0 if self._starts_damaged else max(0, start)) if len(self._streams) == 1 else None

    def _pass_on(self) -> None:
        """Move the next page to the output, or drop bytes that belong to none."""
        if not self._buffer.startswith(_SIGN):
            place = self._buffer.find(_SIGN)
            if place < 0 and self._more():
                return
            # The sign may be cut at the end of the buffer.
            self._drop(place if place >= 0 else len(self._buffer) - (0 if self._is_at_end else 3))
            return
        size = _page_bytes(self._buffer)
        if size is not None and size <= len(self._buffer):
            if _is_intact(self._buffer[:size]):
                self._take_page(size)
            else:
                self._skip_page()
        elif inner := self._page_inside():
            self._note_damaged()
            self._drop(inner)
        elif not self._more():
            self._skip_page()

    def _take_page(self, size: int) -> None:
        _, _, flags, granule, serial, sequence, _, _ = _HEADER.unpack_from(self._buffer)
        if flags & _FIRST:
            self._streams.add(serial)
        if granule > 0 and not self._has_audio:
            # A recording that begins in the middle of a stream also starts late, but without remains of damaged pages.
            missing = sequence - self._sequence - 1
            self.is_damaged = self._starts_damaged = 0 < missing * _HEADER.size <= self._dropped
            self._has_audio = True
        elif self._has_audio and len(self._streams) == 1:
            self.is_damaged = self.is_damaged or sequence > self._sequence + 1
        self._last, self._sequence = max(self._last, granule), sequence
        self._take(size)

    def _page_inside(self) -> int:
        """Return the start of an intact page inside the incomplete one, whose size is therefore wrong; 0 for none."""
        place = self._buffer.find(_SIGN, _HEADER.size)
        while place >= 0:
            size = _page_bytes(self._buffer[place : place + _HEADER.size + 255])
            if size is not None and place + size <= len(self._buffer):
                return place if _is_intact(self._buffer[place : place + size]) else 0
            place = self._buffer.find(_SIGN, place + 1)
        return 0

    def _skip_page(self) -> None:
        self._note_damaged()
        self._drop(len(_SIGN))

    def _note_damaged(self) -> None:
        """Note where the audio of a damaged page would have ended, if its header is credible."""
        if len(self._buffer) < _HEADER.size:
            return
        _, version, flags, granule, serial, sequence, _, _ = _HEADER.unpack_from(self._buffer)
        is_next = 0 < sequence - self._sequence <= _MOST_PAGES
        if version == 0 and flags < _FLAGS and serial in self._streams and is_next and granule != _UNKNOWN:
            self._last = max(self._last, granule)

    def _drop(self, count: int) -> None:
        self._dropped += count
        del self._buffer[:count]


def _page_bytes(data: bytes | bytearray) -> int | None:
    """Return the length that a page's header states; None while the header is incomplete."""
    if len(data) < _HEADER.size:
        return None
    table = data[_HEADER.size : _HEADER.size + data[_HEADER.size - 1]]
    return _HEADER.size + len(table) + sum(table) if len(table) == data[_HEADER.size - 1] else None


def _is_intact(page: bytes | bytearray) -> bool:
    stated, blank = page[_CHECKSUM], bytearray(page)
    blank[_CHECKSUM] = bytes(4)
    return int.from_bytes(stated, "little") == checksum(bytes(blank))


_MIRRORED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
_ALL_ONES = 0xFFFFFFFF


def checksum(data: bytes) -> int:
    """Return the CRC-32 with polynomial 04C11DB7, start 0, not reflected (RFC 3533, section 6).

    zlib has the same polynomial, but reflects the bits and inverts them at start and end. Undoing that on both sides is
    faster than a loop over the bytes.
    """
    mirrored = zlib.crc32(data.translate(_MIRRORED), _ALL_ONES) ^ _ALL_ONES
    return int.from_bytes(mirrored.to_bytes(4, "little").translate(_MIRRORED), "big")
