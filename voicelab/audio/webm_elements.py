"""Repairs a WebM or Matroska stream (RFC 9559) in which bytes are missing, changed or added.

FFmpeg's demuxer continues at the next cluster, and browsers write clusters of up to 30 seconds. This reader continues
at the next block.
"""

import re
from dataclasses import dataclass

from voicelab.audio.byte_filter import ByteFilter, ByteReader

_SEGMENT, _CLUSTER, _BLOCK = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\xa3"
_UNKNOWN_SIZE = b"\x01" + b"\xff" * 7
_IN_CLUSTER = frozenset((_BLOCK, b"\xa0", b"\xe7", b"\xa7", b"\xab", b"\xec", b"\xbf"))
"""Simple block, block group, timestamp, position, size of the previous cluster, void and checksum."""
_NUMBERS = (b"\xe7", b"\xa7", b"\xab", b"\xbf")
_MOST_NUMBER_BYTES = 8
_IN_SEGMENT = frozenset(
    bytes.fromhex(kind)
    for kind in ("1a45dfa3", "114d9b74", "1549a966", "1654ae6b", "1c53bb6b", "1254c367", "1941a469", "1043a770")
)
"""EBML header, seek head, information, tracks, cues, tags, attachments and chapters."""
_START = re.compile(rb"\x1f\x43\xb6\x75|\xa3.{1,4}[\x81-\x8f]..[\x00-\x0f\x80-\x8f]|\xa0.{1,8}\xa1", re.DOTALL)
_TRACKS, _TRACK_NUMBER = b"\x16\x54\xae\x6b", re.compile(rb"\xd7\x81(.)", re.DOTALL)
_LACING = 0x06
_RESERVED = 0x70
_HEAD_BYTES = 16
_MOST_BYTES = 4 * 2**20
"""Maximum size of an element in a cluster. A larger one is damaged, or contains video."""


@dataclass(frozen=True, slots=True)
class _Element:
    """The header of an element. size: of its content; None if unknown. head: length of the header itself."""

    kind: bytes
    size: int | None
    head: int

    @property
    def end(self) -> int:
        return self.head + (self.size or 0)


class WebmElements(ByteFilter):
    """Passes on the elements of a file, without the bytes in its clusters that belong to none.

    is_damaged: such bytes were between elements.
    """

    def __init__(self, source: ByteReader) -> None:
        super().__init__(source)
        self._is_in_cluster = self._is_raw = False
        self._has_dropped = self.is_damaged = False
        self._tracks: set[int] = set()
        self._lacings: dict[int, int] = {}

    def _pass_on(self) -> None:
        self._fill(_HEAD_BYTES)
        found = _element(self._buffer)
        if self._is_raw or (found is None and not self._is_in_cluster):
            # Nothing is known about the file yet, so FFmpeg has to read it as it is.
            self._is_raw = True
            self._take(len(self._buffer))
        elif found is not None and found.kind in (_SEGMENT, _CLUSTER):
            # Dropped bytes would make a stated size wrong.
            self._out += found.kind + _UNKNOWN_SIZE
            self._is_in_cluster = found.kind == _CLUSTER
            del self._buffer[: found.head]
        elif found is None or found.size is None or (self._is_in_cluster and found.size > _MOST_BYTES):
            self._is_raw = not self._is_in_cluster
            self._drop_to(self._next_start(1, None))
        else:
            self._pass_element(found)

    def _pass_element(self, element: _Element) -> None:
        self._fill(element.end + _HEAD_BYTES)
        content = self._buffer[element.head : element.head + 4]
        self.is_damaged = self.is_damaged or self._has_dropped
        if element.kind == _BLOCK and len(content) == 4:
            self._lacings.setdefault(content[0], content[3])
        elif element.kind == _TRACKS:
            self._tracks |= {0x80 | number[0] for number in _TRACK_NUMBER.findall(self._buffer, 0, element.end)}
        if not self._is_in_cluster or self._starts(element.end):
            self._take(element.end)
            return
        # Either bytes of it are missing, so that it contains the next one, or what follows is damaged.
        inside = self._next_start(1, element.end)
        if inside is not None:
            self._drop_to(inside)
        else:
            self._take(element.end)
            self._drop_to(self._next_start(0, None))

    def _fill(self, count: int) -> None:
        """Fill the buffer to this many bytes, or to the end of the file."""
        while len(self._buffer) < count and self._more():
            pass

    def _drop_to(self, place: int | None) -> None:
        self._has_dropped = self._has_dropped or place != 0
        del self._buffer[: len(self._buffer) if place is None else place]

    def _starts(self, place: int) -> bool:
        """Whether an element starts at this place of the buffer, or the file ends there."""
        rest = bytes(self._buffer[place : place + _HEAD_BYTES])
        found = _element(rest)
        if found is None:
            return not rest
        if found.kind == _BLOCK:
            content = rest[found.head :]
            return len(content) < 4 or self._is_usual(content)
        return found.kind == _CLUSTER or (found.size is not None and found.size <= _MOST_BYTES)

    def _is_usual(self, content: bytes | bytearray) -> bool:
        """Whether a simple block starts with these bytes: its track exists, and has the lacing of its other blocks."""
        track, flags = content[0], content[3]
        is_known = track in self._tracks or track in self._lacings
        return is_known and not flags & _RESERVED and not (self._lacings.get(track, flags) ^ flags) & _LACING

    def _next_start(self, place: int, end: int | None) -> int | None:
        """Return the next place where an element starts that is followed by another one, or None if `end` comes first.

        end: None searches the rest of the file, and drops what was searched.
        """
        while True:
            self._fill(place + 2 * _HEAD_BYTES)
            match = _START.search(self._buffer, place, len(self._buffer) if end is None else end + _HEAD_BYTES)
            if match is not None and (end is None or match.start() < end):
                place = match.start()
                found = _element(self._buffer[place : place + _HEAD_BYTES])
                if found is not None and self._starts(place) and self._is_followed(place, found):
                    return place
                place += 1
            elif end is not None or self._is_at_end:
                return None
            else:
                place = max(place, len(self._buffer) - _HEAD_BYTES)
                self._drop_to(place)
                place = 0
                self._fill(len(self._buffer) + 1)

    def _is_followed(self, place: int, element: _Element) -> bool:
        """Whether another element follows this one at `place`. A cluster needs none: its four-byte id is enough."""
        end = place + element.end
        self._fill(end + _HEAD_BYTES)
        return element.kind == _CLUSTER or (end <= len(self._buffer) and self._starts(end))


def _element(data: bytes | bytearray) -> _Element | None:
    """Return the header of a known element at the start of these bytes, or None."""
    kind = bytes(data[: _length(data[0], 4)]) if data else b""
    if kind not in _IN_CLUSTER and kind not in _IN_SEGMENT and kind not in (_SEGMENT, _CLUSTER):
        return None
    count = _length(data[len(kind)], 8) if len(data) > len(kind) else 0
    number = data[len(kind) : len(kind) + count]
    if not count or len(number) < count:
        return None
    bits = 7 * count
    size = int.from_bytes(number, "big") & (1 << bits) - 1
    if size > _MOST_NUMBER_BYTES and kind in _NUMBERS:
        return None
    return _Element(kind, None if size == (1 << bits) - 1 else size, len(kind) + count)


def _length(first: int, most: int) -> int:
    """Return the length of a number that starts with this byte; 0 if it is longer than `most`."""
    count = 9 - first.bit_length()
    return count if count <= most else 0
