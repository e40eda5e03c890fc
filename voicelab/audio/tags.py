"""Tags before, between and after MP3 and AAC frames: ID3v2 (id3.org) and APEv2 (as of Monkey's Audio)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicelab.audio.wav import ByteReader

SIGNS = (b"ID3", b"APETAGEX")
_ID3_HEAD, _APE_HEAD = 10, 32
_APE_VERSIONS = (1_000, 2_000)
_READ_BYTES = 4096


def tag_bytes(head: bytes | bytearray) -> int:
    """Return the length of the tag that starts with these bytes (16 are enough), or 0."""
    if head.startswith(b"ID3") and len(head) >= _ID3_HEAD:
        return _id3_bytes(head)
    if head.startswith(b"APETAGEX") and len(head) >= 16:
        version, size = (int.from_bytes(head[start : start + 4], "little") for start in (8, 12))
        return _APE_HEAD + size if version in _APE_VERSIONS else 0
    return 0


def _id3_bytes(head: bytes | bytearray) -> int:
    if max(head[6:10]) > 0x7F:
        return 0
    size = head[6] << 21 | head[7] << 14 | head[8] << 7 | head[9]
    return _ID3_HEAD + size + (10 if head[5] & 0x10 else 0)


class WithoutTags:
    """Passes on a stream of frames without the tags in it, whose pictures would be taken for damaged frames."""

    def __init__(self, source: ByteReader) -> None:
        self._source = source
        self._buffer = bytearray()
        self._is_at_end = False

    def read(self, size: int) -> bytes:
        while True:
            count = min(size, self._untagged())
            if count:
                piece = bytes(self._buffer[:count])
                del self._buffer[:count]
                return piece
            if self._is_at_end:
                return b""
            data = self._source.read(_READ_BYTES)
            self._is_at_end = not data
            self._buffer += data

    def _untagged(self) -> int:
        """Return the number of bytes at the start of the buffer that belong to no tag; drop a tag there."""
        place = min((at for sign in SIGNS if (at := self._buffer.find(sign)) >= 0), default=-1)
        if place < 0:
            return len(self._buffer) - (0 if self._is_at_end else _partial_sign(self._buffer))
        head = self._buffer[place : place + _APE_HEAD]
        if len(head) < _APE_HEAD and not self._is_at_end:
            return place
        count = tag_bytes(head) if _is_likely(head) else 0
        if place or not count:
            return place or len(SIGNS[0])
        self._skip(count)
        return 0

    def _skip(self, count: int) -> None:
        while count > len(self._buffer) and not self._is_at_end:
            count -= len(self._buffer)
            self._buffer[:] = self._source.read(_READ_BYTES)
            self._is_at_end = not self._buffer
        del self._buffer[:count]


def _is_likely(head: bytearray) -> bool:
    """Whether these bytes are a tag's header, and not part of a frame, which may contain any three bytes."""
    is_id3 = head.startswith(b"ID3") and len(head) >= _ID3_HEAD and 2 <= head[3] <= 4 and not head[4] | head[5] & 0x0F
    # An APE footer states the size of what was before it.
    return is_id3 or (head.startswith(b"APETAGEX") and len(head) >= _APE_HEAD and bool(head[23] & 0x20))


def _partial_sign(buffer: bytearray) -> int:
    """Return the number of bytes at the end that may be the start of a sign."""
    return max((n for sign in SIGNS for n in range(1, len(sign)) if buffer.endswith(sign[:n])), default=0)
