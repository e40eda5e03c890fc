"""WebSocket frames (RFC 6455), including invalid ones, and the server's required reaction to each."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from functools import lru_cache


class Opcode(IntEnum):
    """Opcodes."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10


_OPCODES = frozenset(int(opcode) for opcode in Opcode)
FIN = 0x80
_RESERVED_BITS = 0x70
_MASKED = 0x80
_LONGEST_CONTROL = 125
PROTOCOL_ERROR, NOT_UTF8, TOO_LONG = 1002, 1007, 1009


def frame(
    payload: bytes, opcode: int = Opcode.TEXT, *, bits: int = FIN, masked: bool = True, claims: int | None = None
) -> bytes:
    """A frame on the wire. bits: FIN and the reserved bits. claims: a false length in the header.

    The mask is all zeros, which the RFC allows and which does not change the payload.
    """
    length = len(payload) if claims is None else claims
    mask = _MASKED if masked else 0
    if length < 126:
        head = struct.pack("!BB", bits | opcode, mask | length)
    elif length < 1 << 16:
        head = struct.pack("!BBH", bits | opcode, mask | 126, length)
    else:
        head = struct.pack("!BBQ", bits | opcode, mask | 127, length)
    return head + (bytes(4) if masked else b"") + payload


@dataclass(frozen=True, slots=True)
class Due:
    """The server's required reaction to these bytes.

    closes: the permitted close codes; empty if the connection continues; None stands for
    any, as after the client's own close. is_whole: whether the bytes end with a whole message, so that more can follow.
    """

    closes: frozenset[int | None] = frozenset()
    is_whole: bool = True


_ANY: frozenset[int | None] = frozenset({None})


@lru_cache(maxsize=64)
def due(stream: bytes, most_bytes: int) -> Due:
    """Parse the frames like a server. most_bytes: maximum size of a message."""
    place, message, size = 0, None, 0
    while place < len(stream):
        if len(stream) - place < 2:
            return Due(is_whole=False)
        first, second = stream[place], stream[place + 1]
        opcode, length, place = first & 0x0F, second & 0x7F, place + 2
        if opcode not in _OPCODES or not second & _MASKED:
            return Due(frozenset({PROTOCOL_ERROR}))
        extra = {126: 2, 127: 8}.get(length, 0)
        if extra:
            told = stream[place : place + extra]
            if len(told) < extra:
                return Due(is_whole=False)
            length, place = int.from_bytes(told, "big"), place + extra
        is_control, is_whole_frame = opcode >= Opcode.CLOSE, bool(first & FIN)
        wrong = set[int | None]()
        if first & _RESERVED_BITS or (is_control and (length > _LONGEST_CONTROL or not is_whole_frame)):
            wrong.add(PROTOCOL_ERROR)
        if not is_control and (opcode == Opcode.CONTINUATION) != (message is not None):
            wrong.add(PROTOCOL_ERROR)
        if size + length > most_bytes:
            return Due(frozenset(wrong | {TOO_LONG}))
        body = stream[place + 4 : place + 4 + length]
        place += 4 + length
        if place > len(stream):
            return Due(is_whole=False)
        if wrong:
            return Due(frozenset(wrong))
        if opcode == Opcode.CLOSE:
            return Due(_ANY)
        if is_control:
            continue
        kind, held = (opcode, b"") if message is None else message
        message, size = (kind, held + body), size + length
        if is_whole_frame:
            if kind == Opcode.TEXT and not _is_utf8(message[1]):
                return Due(frozenset({NOT_UTF8}))
            message, size = None, 0
    return Due(is_whole=message is None)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
