"""Reads WAV streams, including audio after the first data chunk.

Some recorders send a WAV header with every chunk, or a header that states only the size of the first chunk. A demuxer
stops at that size. This reader passes it one endless data chunk with all samples.
"""

import io
import re
import struct
from typing import BinaryIO, Literal, Self

import numpy as np

from voicelab.audio.containers import is_markup, is_text
from voicelab.audio.pipes import Pipe
from voicelab.errors import InputError

ByteOrder = Literal["little", "big"]


_READ_BYTES = 4096
_UNKNOWN_SIZE = 0x7FFF0000
"""Programs write sizes from here on, or 0, when the size is not known yet."""
_MOST_FORMAT_BYTES = 4096
_MOST_HEAD_BYTES = 65_536
_JUNK_BYTES = 64
_LINEAR = (1, 3, 0xFFFE)
"""Formats of PCM, integer, floating point and extensible; in others, and in 8 bits, zeros are no silence."""
_G711 = (6, 7)
_HEADER = re.compile(rb"(?:RIFF|RIFX|RF64|BW64).{4}WAVE[A-Za-z_][ -~]{3}", re.DOTALL)
_HEADER_BYTES = 16
_CHUNKS_BEHIND = frozenset(
    b"LIST id3  ID3  fact cue  smpl inst bext JUNK junk PAD  FLLR PEAK afsp DISP _PMX iXML axml plst acid cart".split(
        b" "
    )
) | {b"id3 ", b"ID3 ", b"cue ", b"PAD "}
_CHUNKS = _CHUNKS_BEHIND | {b"data", b"fmt ", b"ds64"}
_ALL_ONES = b"\xff\xff\xff\xff"


class WavReader:
    """Reads concatenated WAV files as one WAV file of unknown length.

    A header of another format ends the file, and `following` returns the reader of the next one. total: see FileReader.
    missing_s: at the end, the seconds of audio missing compared with the size in the last header. is_complete: the
    whole file has arrived, and its samples have the size in its header. is_big_endian: the samples are those of a RIFX
    file. Its header is converted, because FFmpeg would take the samples for little-endian ones.
    """

    def __init__(self, source: Pipe, name: str, rest: bytes = b"") -> None:
        self._source = source
        self._name = name
        self._buffer = bytearray(rest)
        self._next: bytes | None = None
        self.total = 0
        self._out = bytearray()
        self._ended = False
        self._format: bytes | None = None
        self._order: ByteOrder = "little"
        self._block, self._byte_rate = 1, 0
        self._payload = 0
        self._left: int | None = 0
        self._in_data = False
        self.missing_s = 0.0
        self.is_complete = False

    def read(self, size: int) -> bytes:
        while not self._out and not self._ended:
            if self._in_data:
                self._pass_on()
            elif self._format is None or self._is_header():
                self._read_header()
            else:
                self._read_behind()
        piece = bytes(self._out[:size])
        del self._out[: len(piece)]
        self.total += len(piece)
        return piece

    def following(self) -> Self | None:
        while self.read(_READ_BYTES):
            pass
        return type(self)(self._source, self._name, self._next + self._buffer) if self._next is not None else None

    @property
    def is_big_endian(self) -> bool:
        return self._order == "big"

    def _fill(self, count: int) -> bool:
        """Fill the buffer to this many bytes; return False at the end of the file."""
        while len(self._buffer) < count:
            data = self._source.read(_READ_BYTES)
            if not data:
                return False
            self._buffer += data
        return True

    def _take(self, count: int) -> bytes:
        piece = bytes(self._buffer[:count])
        del self._buffer[:count]
        return piece

    def _skip(self, count: int) -> None:
        while count > 0 and self._fill(1):
            count -= len(self._take(count))

    def _is_header(self) -> bool:
        return self._fill(_HEADER_BYTES) and _HEADER.match(self._buffer) is not None

    def _read_header(self) -> None:
        """Read from RIFF up to the samples."""
        if not self._fill(12):
            self._ended = True
            return
        sign = self._take(12)[:4]
        order: ByteOrder = "big" if sign == b"RIFX" else "little"
        form, size_64 = None, None
        while self._fill(8):
            kind, size = bytes(self._buffer[:4]), _size(self._buffer[4:8], order)
            del self._buffer[:8]
            if kind == b"data":
                self._begin_data(sign, order, form, size_64 if size_64 and size == 0xFFFFFFFF else size)
                return
            if kind in (b"fmt ", b"ds64") and size <= _MOST_FORMAT_BYTES and self._fill(size):
                body = self._take(size)
                if kind == b"fmt ":
                    form = body
                elif size >= 16:
                    size_64 = int.from_bytes(body[8:16], "little")
            else:
                self._skip(size)
            self._skip_padding(size)
        self._ended = True

    def _skip_padding(self, size: int) -> None:
        """Skip the byte behind a chunk of odd size, which some programs leave out."""
        if size % 2 and self._fill(4) and bytes(self._buffer[:4]) not in _CHUNKS:
            del self._buffer[:1]

    def _begin_data(self, sign: bytes, order: ByteOrder, form: bytes | None, size: int) -> None:
        if form is None or len(form) < 16:
            raise InputError(f"{self._name}: the WAV has no format chunk before its samples")
        if self._format is None:
            self._format, self._order = form, order
            self._byte_rate = _size(form[8:12], order)
            self._block = max(1, _size(form[12:14], order))
            form = _with_all_bits(_little_endian(form) if order == "big" else form)
            self._out += b"RIFF" + _ALL_ONES + b"WAVE" + _chunk(b"fmt ", form, "little") + b"data" + _ALL_ONES
            unread = self._source.unread_bytes()
            self.is_complete = unread is not None and 0 <= unread + len(self._buffer) - size <= size % 2
        elif form != self._format:
            self._next = sign + _ALL_ONES + b"WAVE" + _chunk(b"fmt ", form, order)
            self._next += b"data" + min(size, 0xFFFFFFFF).to_bytes(4, order)
            self._ended = True
            return
        else:
            self._out += bytes(-self._payload % self._block)
            self._payload = 0
        self._left = size if 0 < size < _UNKNOWN_SIZE or size > 0xFFFFFFFF else None
        self._in_data = True

    def _pass_on(self) -> None:
        """Pass on samples, up to the end of the chunk or the next header."""
        enough = self._fill(_HEADER_BYTES)
        found = _HEADER.search(self._buffer)
        # A header may span these bytes and the next ones.
        until = found.start() if found else len(self._buffer) - (_HEADER_BYTES - 1 if enough else 0)
        if self._left is not None:
            until = min(until, self._left)
            self._left -= until
        self._payload += until
        self._out += self._take(until)
        if found is not None and not until:
            self._in_data = False
        elif self._left == 0:
            self._in_data = False
            if self._payload % 2 and self._fill(1) and not self._buffer[0]:
                del self._buffer[:1]
        elif not enough:
            self._ended = True
            if self._left and self._byte_rate:
                self.missing_s = self._left / self._byte_rate

    def _read_behind(self) -> None:
        """Read what follows a completed data chunk: other chunks, samples beyond its stated size, or no sound."""
        self._fill(_JUNK_BYTES)
        if self._is_junk():
            self._skip_to_header()
        elif len(self._buffer) < 8:
            self._ended = not self._buffer
            self._left, self._in_data = None, bool(self._buffer)
        elif bytes(self._buffer[:4]) in _CHUNKS_BEHIND:
            size = _size(self._buffer[4:8], self._order)
            del self._buffer[:8]
            self._skip(size + size % 2)
        else:
            self._left, self._in_data = None, True

    def _is_junk(self) -> bool:
        """Whether the buffer starts with a web page or other text, or with zeros where these are loud."""
        assert self._format is not None
        tag, bits = _size(self._format[:2], self._order), _size(self._format[14:16], self._order)
        head = bytes(self._buffer[:_JUNK_BYTES])
        if tag in _LINEAR and bits > 8:
            return is_text(head)
        return is_markup(head) or (len(head) == _JUNK_BYTES and not any(head))

    def _skip_to_header(self) -> None:
        while (found := _HEADER.search(self._buffer)) is None:
            del self._buffer[: -_HEADER_BYTES + 1]
            if not self._fill(_HEADER_BYTES):
                self._ended = True
                return
        del self._buffer[: found.start()]


def is_plain(file: BinaryIO) -> bool:
    """Whether FFmpeg reads this WAV file like WavReader: it has one usual header, whose sizes are right."""
    file.seek(0)
    head, place, form, size_64 = file.read(_MOST_HEAD_BYTES), 12, b"", None
    if head[:4] not in (b"RIFF", b"RF64"):
        return False
    while place + 8 <= len(head):
        kind, size = head[place : place + 4], _size(head[place + 4 : place + 8], "little")
        place += 8
        if kind == b"data":
            size = size_64 if size_64 is not None and size == 0xFFFFFFFF else size
            return _is_usual(form) and _ends_with_chunks(file, place, size)
        body = head[place : place + size]
        form = body if kind == b"fmt " else form
        size_64 = _size(body[8:16], "little") if kind == b"ds64" and len(body) >= 16 else size_64
        place += size + size % 2
    return False


def _ends_with_chunks(file: BinaryIO, place: int, size: int) -> bool:
    """Whether only known chunks follow the chunk with this body, but no samples and no other header."""
    length = file.seek(0, io.SEEK_END)
    while place + size < length - 1:
        place += size + size % 2
        file.seek(place)
        head = file.read(8)
        if head[:4] not in _CHUNKS_BEHIND:
            return False
        place, size = place + 8, _size(head[4:], "little")
    return place + size <= length


def _is_usual(form: bytes) -> bool:
    """Whether the block of one sample of each channel has the size that the bits of the samples need."""
    if len(form) < 16 or _with_all_bits(form) != form:
        return False
    tag, channels, _, _, block, bits = struct.unpack_from("<HHIIHH", form)
    # FFmpeg's positions are not exact in other formats.
    return tag in (*_LINEAR, *_G711) and bits > 0 and block == channels * -(-bits // 8)


def _chunk(kind: bytes, body: bytes, order: ByteOrder) -> bytes:
    return kind + len(body).to_bytes(4, order) + body + bytes(len(body) % 2)


def _size(data: bytes | bytearray, order: ByteOrder) -> int:
    return int.from_bytes(data, order)


def _little_endian(form: bytes) -> bytes:
    """Return a big-endian format chunk as a little-endian one."""
    head, rest = struct.pack("<HHIIHH", *struct.unpack_from(">HHIIHH", form)), form[16:]
    if head[:2] == b"\xfe\xff" and len(rest) >= 24:
        return head + struct.pack("<HHIIHH", *struct.unpack_from(">HHIIHH", rest)) + rest[16:]
    words = np.frombuffer(rest[: len(rest) // 2 * 2], ">u2")
    return head + words.astype("<u2").tobytes()


def _with_all_bits(form: bytes) -> bytes:
    """Return the format with all bits of each sample marked as valid.

    FFmpeg reads integers with 24 valid bits in 32 as floats. The bits that are not valid are zeros.
    """
    is_integer = len(form) >= 40 and form[:2] == b"\xfe\xff" and form[24:26] == b"\x01\0"
    return form[:18] + form[14:16] + form[20:] if is_integer else form
