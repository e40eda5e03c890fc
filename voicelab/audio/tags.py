"""Tags before, between and after MP3 and AAC frames: ID3v2 (id3.org) and APEv2 (as of Monkey's Audio)."""

from voicelab.audio.byte_filter import ByteFilter

SIGNS = (b"ID3", b"APETAGEX")
_ID3_HEAD, _APE_HEAD = 10, 32
_APE_VERSIONS = (1_000, 2_000)


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


class WithoutTags(ByteFilter):
    """Passes on a stream of frames without the tags in it, whose pictures would be taken for damaged frames."""

    def _pass_on(self) -> None:
        place = min((at for sign in SIGNS if (at := self._buffer.find(sign)) >= 0), default=-1)
        if place < 0:
            place = len(self._buffer) - (0 if self._is_at_end else _partial_sign(self._buffer))
            if not place:
                self._more()
        elif place == 0:
            if len(self._buffer) < _APE_HEAD and self._more():
                return
            if _is_likely(self._buffer) and (count := tag_bytes(self._buffer)):
                self._skip(count)
                return
            place = len(SIGNS[0])
        self._take(place)

    def _skip(self, count: int) -> None:
        while count > len(self._buffer):
            count -= len(self._buffer)
            self._buffer.clear()
            if not self._more():
                return
        del self._buffer[:count]


def _is_likely(head: bytearray) -> bool:
    """Whether these bytes are a tag's header, and not part of a frame, which may contain any three bytes."""
    is_id3 = head.startswith(b"ID3") and len(head) >= _ID3_HEAD and 2 <= head[3] <= 4 and not head[4] | head[5] & 0x0F
    # An APE footer states the size of what was before it.
    return is_id3 or (head.startswith(b"APETAGEX") and len(head) >= _APE_HEAD and bool(head[23] & 0x20))


def _partial_sign(buffer: bytearray) -> int:
    """Return the number of bytes at the end that may be the start of a sign."""
    return max((n for sign in SIGNS for n in range(1, len(sign)) if buffer.endswith(sign[:n])), default=0)
