"""How much of a recording could not be decoded, in seconds of sound."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

_TOLERANCE_S = 0.05
"""Encoders pad and count differently by a few frames; a smaller difference is no damage."""
_TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3")
_INFO_FRAMES = (b"Xing", b"Info", b"VBRI")


@dataclass(slots=True)
class Damage:
    """Counts what was decoded, what failed, and what the file promised.

    promised_s: how much sound the container says it holds; None where it does not say.
    """

    decoded_s: float = 0.0
    failed_s: float = 0.0
    promised_s: float | None = None
    _good_bytes: int = field(default=0)

    def good(self, size: int, decoded_s: float) -> None:
        """A packet of `size` bytes was decoded."""
        self.decoded_s += decoded_s
        self._good_bytes += size

    def failed(self, data: bytes, duration_s: float) -> None:
        """A packet could not be decoded. duration_s: what its container says; it may be larger than one packet."""
        if is_no_sound(data):
            return
        per_byte_s = self.decoded_s / self._good_bytes if self._good_bytes else 0.0
        self.failed_s += max(duration_s, len(data) * per_byte_s)

    @property
    def undecoded_s(self) -> float:
        """Seconds of sound that are missing from what was decoded."""
        missing_s = (self.promised_s or 0.0) - self.decoded_s
        return max(self.failed_s, missing_s if missing_s > _TOLERANCE_S else 0.0)


def is_no_sound(data: bytes) -> bool:
    """Whether what a demuxer took for a packet is padding, a tag, or an encoder's info frame."""
    return not data.strip(b"\0") or data.startswith(_TAGS) or any(name in data[:64] for name in _INFO_FRAMES)


_PAGE = struct.Struct("<4sBBq")
_PAGE_BYTES = _PAGE.size + 13
_FIRST, _UNKNOWN = 2, -1


class OggTimeline:
    """Watches the pages of an Ogg stream go by for the last instant that they name (RFC 3533).

    A page that was cut off still says in its header where it would have ended, and pages that are missing show in the
    instants of those after them.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._streams = 0
        self._last = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the file."""
        data = self._rest + data
        place = data.find(b"OggS")
        while 0 <= place <= len(data) - _PAGE_BYTES:
            _, version, flags, granule = _PAGE.unpack_from(data, place)
            if version == 0 and flags < 8:
                self._streams += flags & _FIRST == _FIRST
                if granule != _UNKNOWN:
                    self._last = max(self._last, granule)
            place = data.find(b"OggS", place + 4)
        # A page whose header is not whole yet, or the first bytes of one.
        self._rest = data[place:] if place >= 0 else data[-3:]

    @property
    def last_granule(self) -> int | None:
        """The last instant, in the stream's own units; None for several streams, whose instants are not comparable."""
        return self._last if self._streams == 1 else None
