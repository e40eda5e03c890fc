"""Invalid frames and closes, which end a conversation."""

from __future__ import annotations

from random import Random

from tests.abuse.frames import FIN, Opcode, frame
from tests.abuse.message_mutations import MOST_BYTES
from tests.abuse.seeds import Seed, payload
from tests.abuse.sound_mutations import Mutation


def _not_utf8(seed: Seed, _other: Seed, chance: Random) -> bytes:
    text = payload(seed.messages[0])
    place = chance.randrange(len(text))
    return frame(
        text[:place] + chance.choice((b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf5\x80\x80\x80")) + text[place:]
    )


def _too_long(_seed: Seed, _other: Seed, chance: Random) -> bytes:
    claims = chance.choice((2 * MOST_BYTES + 1, 2**31, 2**32, 2**63 - 1, 2**63, 2**64 - 1))
    return frame(b"{" * 100, chance.choice((Opcode.TEXT, Opcode.BINARY)), claims=claims)


def _too_long_in_parts(_seed: Seed, _other: Seed, _chance: Random) -> bytes:
    part = b"A" * MOST_BYTES
    return frame(part, bits=0) + frame(part, Opcode.CONTINUATION, bits=0) + frame(b"A", Opcode.CONTINUATION)


def _odd_bits(seed: Seed, _other: Seed, chance: Random) -> bytes:
    return frame(payload(seed.messages[0]), bits=FIN | chance.choice((0x10, 0x20, 0x40, 0x70)))


def _odd_opcode(seed: Seed, _other: Seed, chance: Random) -> bytes:
    return frame(payload(seed.messages[0])[:100], chance.choice((3, 4, 5, 6, 7, 11, 12, 13, 14, 15)))


def _unmasked(seed: Seed, _other: Seed, _chance: Random) -> bytes:
    return frame(payload(seed.messages[0]), masked=False)


def _odd_fragments(seed: Seed, _other: Seed, chance: Random) -> bytes:
    text = payload(seed.messages[0])
    return chance.choice(
        (
            frame(text, Opcode.CONTINUATION),
            frame(text, bits=0) + frame(text),
            frame(text, bits=0),
            frame(text, bits=0) + frame(b"", Opcode.CLOSE),
            frame(b"", Opcode.CONTINUATION, bits=0),
        )
    )


def _odd_control(_seed: Seed, _other: Seed, chance: Random) -> bytes:
    opcode = chance.choice((Opcode.PING, Opcode.PONG, Opcode.CLOSE))
    return chance.choice((frame(b"x" * 126, opcode), frame(b"x", opcode, bits=0), frame(b"", opcode, claims=70_000)))


def _close(_seed: Seed, _other: Seed, chance: Random) -> bytes:
    code = chance.choice((1000, 1001, 1005, 1006, 1015, 999, 0, 3000, 4999, 5000, 65535))
    body = chance.choice((b"", b"\x03", code.to_bytes(2, "big"), code.to_bytes(2, "big") + b"bye", b"\x03\xe8\xff\xfe"))
    return frame(body, Opcode.CLOSE) + chance.choice((b"", frame(b"{}"), b"\x00\x01"))


def _half_a_frame(seed: Seed, _other: Seed, chance: Random) -> bytes:
    whole = frame(payload(seed.messages[0]))
    return whole[: chance.randrange(1, len(whole))]


def _garbage(_seed: Seed, _other: Seed, chance: Random) -> bytes:
    return chance.choice(
        (chance.randbytes(chance.randrange(1, 400)), b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x00" * 64)
    )


BREAKS: tuple[Mutation, ...] = (
    _not_utf8, _too_long, _too_long_in_parts, _odd_bits, _odd_opcode, _unmasked, _odd_fragments, _odd_control, _close,
    _half_a_frame, _garbage,
)  # fmt: skip
