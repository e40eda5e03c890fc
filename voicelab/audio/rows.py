"""Splits a stream of several files in a row into its files, and finds their next part behind damage.

Recorders that are stopped and started again send one file after the other. FFmpeg's demuxers stop after the first, or
lose the position of everything behind lost bytes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, Self

from voicelab.audio.byte_filter import ByteReader
from voicelab.audio.pipes import Pipe, SeekablePipe
from voicelab.audio.wav import WavReader


class FileReader(ByteReader, Protocol):
    """Reads one file of a stream."""

    def following(self) -> FileReader | None:
        """Skip to the end of this file; return the reader of the next one, or None at the end of the stream."""
        ...

    @property
    def total(self) -> int:
        """Length of this file in bytes; known after `following`."""
        ...


_STARTS = {
    "webm": re.compile(rb"\x1a\x45\xdf\xa3.{1,64}?\x42\x82[\x84\x88](?:webm|matroska)", re.DOTALL),
    "w64": re.compile(rb"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\0\0.{8}wave", re.DOTALL),
    "amr": re.compile(rb"#!AMR(?:-WB)?\n"),
    "ogg": re.compile(rb"OggS\0\x02\0{8}.{8}.{4}[\x01-\x04].{1,4}(?:OpusHead|\x01vorbis|\x7fFLAC|Speex   )", re.DOTALL),
    "au": re.compile(rb"\.snd\0\0.{2}.{4}\0\0\0[\x01-\x1b]", re.DOTALL),
}
_SIGN_BYTES = {"ogg": 512}
"""Bytes at the start of a file in which no other one starts, by default 4. In Ogg, all streams begin at the start."""
_READ_BYTES = 65_536
_START_BYTES = 96
"""A start of _STARTS is shorter than this."""


class MarkedReader:
    """Reads a file up to the start of the next one, which is recognized by its first bytes."""

    def __init__(self, pipe: Pipe, kind: str, rest: bytes = b"") -> None:
        self._pipe, self._kind = pipe, kind
        self._start = _STARTS[kind]
        self._sign = {"webm": b"\x1a\x45\xdf\xa3", "w64": b"riff", "amr": b"#!AM", "au": b".snd", "ogg": b"OggS"}[kind]
        self._buffer, self.total = bytearray(rest), 0
        self._next: int | None = None

    def read(self, size: int) -> bytes:
        while not (count := self._ready()) and self._next is None:
            data = self._pipe.read(size)
            if not data:
                # A possible start at the end of the stream was none.
                count = len(self._buffer)
                break
            self._buffer += data
        piece = bytes(self._buffer[: min(size, count)])
        del self._buffer[: len(piece)]
        self.total += len(piece)
        if self._next is not None:
            self._next -= len(piece)
        return piece

    def following(self) -> Self | None:
        while self.read(_READ_BYTES):
            pass
        return type(self)(self._pipe, self._kind, bytes(self._buffer)) if self._next is not None else None

    def _ready(self) -> int:
        """Return the number of bytes at the start of the buffer that belong to this file."""
        if self._next is not None:
            return self._next
        index = self._buffer.find(self._sign, max(0, _SIGN_BYTES.get(self._kind, 4) - self.total))
        while index >= 0:
            if self._start.match(self._buffer, index):
                self._next = index
                return index
            if len(self._buffer) - index < _START_BYTES:
                return index
            index = self._buffer.find(self._sign, index + 1)
        partial = next((n for n in (3, 2, 1) if self._buffer.endswith(self._sign[:n])), 0)
        return len(self._buffer) - partial


@dataclass(frozen=True, slots=True)
class _Layout:
    """How the parts of a file follow each other.

    size: length of the part whose first bytes are given; 0 for a part that reaches to the end, None for bytes that
    start no part. starts: recognizes the parts that can be found behind damage. new: recognizes the first part of a
    file, given the first bytes. head: bytes of the file before its first part. kind_at: where in a part `starts` is.
    """

    size: Callable[[bytes], int | None]
    starts: re.Pattern[bytes]
    new: Callable[[bytes], bool]
    head: int = 0
    kind_at: int = 0


_MP4_KINDS = frozenset(
    b"ftyp styp moov moof mdat free skip wide pnot sidx ssix prft emsg uuid mfra meta pdin udta junk pict".split()
)
_CAF_KINDS = frozenset(b"desc data pakt chan kuki info free strg mark regn inst midi uuid ovvw peak edct umid".split())
_PART_BYTES = 16
_TO_THE_END = 1 << 62
_MOST_MOVES = 1_000


def _box_bytes(head: bytes) -> int | None:
    size = int.from_bytes(head[:4], "big")
    if head[4:8] not in _MP4_KINDS:
        return None
    if size == 1:
        size = int.from_bytes(head[8:16], "big")
    return size if size == 0 or size >= 8 else None


def _chunk_bytes(head: bytes) -> int | None:
    if head[:4] not in _CAF_KINDS:
        return None
    size = int.from_bytes(head[4:12], "big", signed=True)
    return 0 if size < 0 else size + 12


def _form_bytes(head: bytes) -> int | None:
    if head[:4] != b"FORM":
        return None
    size = int.from_bytes(head[4:8], "big")
    return size + 8 + size % 2 if 0 < size < 0x7FFFFFFF else 0


_LAYOUTS = {
    "mp4": _Layout(
        _box_bytes,
        re.compile(rb"moof\0\0\0\x10mfhd|moov\0\0\0[\x6c\x78]mvhd|ftyp[ -~]{4}\0"),
        lambda head: head[4:8] == b"ftyp",
        kind_at=4,
    ),
    "caf": _Layout(
        _chunk_bytes, re.compile(rb"pakt\0\0\0\0|caff\0\x01\0\0desc"), lambda head: head[:6] == b"caff\0\x01", head=8
    ),
    "aiff": _Layout(
        _form_bytes,
        re.compile(rb"FORM.{4}AIF[FC](?:COMM|FVER|COMT|NAME|AUTH|ANNO|MARK|INST|SSND|ID3 )", re.DOTALL),
        lambda head: head[:4] == b"FORM",
    ),
}


class PartReader:
    """Reads a file of sized parts (boxes of MP4, chunks of CAF) from a pipe that can seek.

    Where the part that the sizes promise is missing, the next recognizable part takes its place, so that the positions
    of a file of which bytes were lost, or to which bytes were added, are right again.
    """

    def __init__(self, pipe: SeekablePipe, kind: str, start: int = 0) -> None:
        self._pipe, self._kind, self._layout = pipe, kind, _LAYOUTS[kind]
        self._position = 0
        # Position in the file from which on, and position in the pipe.
        self._moved = [(0, start)]
        self._border = self._layout.head
        self._body = start + self._border
        self._end: int | None = None
        self._next: int | None = None

    def read(self, size: int) -> bytes:
        self._walk(self._position)
        until = self._border if self._end is None else min(self._border, self._end)
        if until > self._position:
            size = min(size, until - self._position)
        elif self._end is not None:
            return b""
        if self._pipe.seek(self._in_pipe(self._position)) < 0:
            return b""
        piece = self._pipe.read(size) or self._gap(size)
        self._position += len(piece)
        return piece

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Return the new position; -1 for a position that is unknown or no longer buffered."""
        position = offset if whence == io.SEEK_SET else self._position + offset
        if whence == io.SEEK_END or position < 0 or self._pipe.seek(self._in_pipe(position)) < 0:
            return -1
        self._position = position
        return position

    def tell(self) -> int:
        return self._position

    def following(self) -> Self | None:
        while self._end is None:
            self._walk(self._border)
        return type(self)(self._pipe, self._kind, self._next) if self._next is not None else None

    @property
    def total(self) -> int:
        until = self._pipe.total if self._next is None else self._next
        return until - self._moved[0][1]

    def _gap(self, size: int) -> bytes:
        """Return zeros for bytes that are missing before the next part; b"" if there is none."""
        if self._border == _TO_THE_END or self._pipe.at(self._in_pipe(self._position), 1):
            return b""
        self._find_next(self._in_pipe(self._border))
        return bytes(min(size, self._border - self._position)) if self._end is None else b""

    def _in_pipe(self, position: int) -> int:
        return next(place + position - first for first, place in reversed(self._moved) if first <= position)

    def _walk(self, position: int) -> None:
        """Find the borders of all parts up to this position."""
        while self._end is None and self._border <= position:
            place = self._in_pipe(self._border)
            head = self._pipe.at(place, _PART_BYTES)
            is_new = place > self._moved[0][1] and self._layout.new(head)
            size = None if is_new else self._layout.size(head)
            if is_new:
                self._end, self._next = self._border, place
            elif size is None:
                self._find_next(place)
            else:
                self._body = place + 8
                self._border = self._border + size if size else _TO_THE_END

    def _find_next(self, place: int) -> None:
        """Search for the part that should be at this place of the pipe, from the start of the part before it."""
        kind = self._pipe.find(self._layout.starts, self._body)
        found = kind - self._layout.kind_at if kind is not None else 0
        if kind is None or len(self._moved) > _MOST_MOVES:
            self._end = self._border
        elif self._layout.new(self._pipe.at(found, _PART_BYTES)):
            self._end, self._next = self._border - max(0, place - found), found
        else:
            self._moved.append((self._border, found))
            self._body = found + 8


def reader_for(pipe: Pipe, kind: str, name: str) -> FileReader | None:
    """Return the reader of the first file in the pipe; None for containers whose demuxers read on by themselves.

    name: of the recording, for error messages.
    """
    if kind == "wav":
        return WavReader(pipe, name)
    if kind in _LAYOUTS:
        assert isinstance(pipe, SeekablePipe)
        return PartReader(pipe, kind)
    return MarkedReader(pipe, kind) if kind in _STARTS else None
