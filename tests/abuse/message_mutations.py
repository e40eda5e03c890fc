"""Mutations of messages: their text, fields, order and framing."""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from tests.abuse.frames import FIN, Opcode, frame
from tests.abuse.seeds import Seed, message, payload, pieces, texts
from tests.abuse.sound_mutations import Mutation

MOST_BYTES = 65_536
"""MAX_MESSAGE_BYTES of the server: small, so that larger messages are cheap."""

_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, 0, 1, -1, 1.5, 1e308, 2**63, -(2**31), 10**400, float("nan"), float("inf"), "", " ", "x" * 201,
    "x" * 5000, "\x00", "\ud800", "é" * 200, "😀", "null", "0b6c2f2e-0000-4000-8000-000000000000", "../../etc/passwd",
    [], [[]], ["turn_metrics"] * 300, {}, {"event": "init"}, [None], "opus", "pcm16", "continuous", "A" * 4096,
)  # fmt: skip
_ODD_NAMES = ("", "Init", "transcription", "audio_chunk ", "\x00", "\udfff", "x" * 500, "error", "__class__", "😀")
_FIELDS = (
    "user_id", "session_id", "audio_format", "mode", "paced", "turn_ids", "events", "text", "turn_id", "format",
    "sample_rate", "is_final", "audio_chunk",
)  # fmt: skip
_NO_MESSAGES = (
    b"", b"null", b"[]", b"{}", b'"init"', b"0", b"-", b"\xef\xbb\xbf{}", b"{'event': 'init'}",
    b"GET / HTTP/1.1\r\n\r\n", b"9" * 5000, b"1e99999", b'{"event": 3}', b'{"event": "text", "data": null}',
)  # fmt: skip


def odd_value(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """A field, the data or the event's name with another type."""
    made = [deepcopy(one) for one in seed.messages]
    one = chance.choice(made)
    what = chance.randrange(8)
    if what == 0:
        one["event"] = chance.choice((*_ODD_NAMES, *_ODD_VALUES))
    elif what == 1:
        one["data"] = chance.choice(_ODD_VALUES)
    else:
        one["data"][_field(one, chance)] = chance.choice(_ODD_VALUES)
    return texts(made)


def odd_fields(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Missing or unknown fields."""
    made = [deepcopy(one) for one in seed.messages]
    for one in made:
        if one["data"] and chance.random() < 0.4:
            del one["data"][chance.choice(list(one["data"]))]
        if chance.random() < 0.4:
            one["data"][chance.choice(_ODD_NAMES)] = chance.choice(_ODD_VALUES)
        if chance.random() < 0.2:
            del one[chance.choice(("event", "data"))]
    return texts(made)


def twice_named(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """A duplicate field."""
    one = chance.choice(seed.messages)
    text = payload(one)
    name = _field(one, chance)
    extra = f'{{"{name}": {json.dumps(chance.choice(_ODD_VALUES))}, "{name}": 1, '.encode()
    return frame(text.replace(b'"data": {', b'"data": ' + extra, 1))


def nested(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Deeply nested arrays or objects, or unclosed ones."""
    depth = chance.choice((10, 200, 900, 1100, 5_000, 30_000))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}"), (b"[", b""), (b'{"data":', b"}")))
    inner = opened * min(depth, 60_000 // len(opened)) + b"1" + closed * depth
    text = payload(chance.choice(seed.messages))
    return frame(chance.choice((inner, text.replace(b'"data": ', b'"data": ' + inner + b', "x": ', 1)))[:MOST_BYTES])


def long_list(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """A list of thousands of invalid items instead of one or a few values."""
    one = deepcopy(chance.choice(seed.messages))
    item = chance.choice((0, None, [], {}, "turn_metrics", "x" * 50))
    count = chance.choice((9, 300, 5_000, 50_000))
    count = min(count, 60_000 // len(json.dumps(item)))
    one["data"][chance.choice(("events", "session_id", _field(one, chance)))] = [item] * count
    return frame(payload(one)[: 2 * MOST_BYTES])


def garble(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Replaced, deleted or duplicated characters."""
    text = bytearray(payload(chance.choice(seed.messages)))
    for _ in range(chance.choice((1, 1, 3, 12))):
        place = chance.randrange(len(text))
        match chance.randrange(4):
            case 0:
                text[place] = chance.randrange(32, 127)
            case 1:
                text[place:place] = chance.choice(
                    (b'"', b"{", b"}", b",", b"\\u", b"\\ud83d", b"\x00", b"\n", b"NaN", b"1e999")
                )
            case 2:
                del text[place : place + chance.randrange(1, 20)]
            case _:
                text[place:place] = text[max(0, place - 20) : place]
        text = text or bytearray(b" ")
    return frame(bytes(text))


def joined(seed: Seed, other: Seed, chance: Random) -> bytes:
    """Two messages in one frame, or the first half of one and the second of another."""
    first, second = payload(chance.choice(seed.messages)), payload(chance.choice(other.messages))
    halves = first[: chance.randrange(len(first))] + second[chance.randrange(len(second)) :]
    return frame(chance.choice((first + second, first + b"\n" + second, halves)))


def no_json(_seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Text frames with invalid UTF-8."""
    return frame(chance.choice(_NO_MESSAGES))


def as_binary(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Binary frames with the message or the audio."""
    parts = seed.audio if chance.random() < 0.5 and seed.audio else [payload(one) for one in seed.messages]
    return b"".join(frame(part, Opcode.BINARY) for part in parts)


def too_large(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """A message above the size limit, but small enough to be read."""
    size = chance.choice((MOST_BYTES - 100, MOST_BYTES + 1, MOST_BYTES + 20_000, 2 * MOST_BYTES))
    one = deepcopy(chance.choice(seed.messages))
    one["data"][_field(one, chance)] = "A" * (4 * (size // 4))
    padded = payload(one)
    return frame(padded[: 2 * MOST_BYTES])


# The order of messages.


def intruder(seed: Seed, other: Seed, chance: Random) -> bytes:
    """An extra message in the middle: another init, a typed turn, an interrupt, a heartbeat, others."""
    extra = chance.choice(
        (
            (message("init"),), (message("init", mode="continuous"),), (message("text", text="in between"),),
            (message("interrupt"),), (message("heartbeat"),), (message("interrupt", turn_id="x"),), other.messages,
        )
    )  # fmt: skip
    place = chance.randrange(len(seed.messages) + 1)
    return texts([*seed.messages[:place], *extra, *seed.messages[place:]])


def reordered(seed: Seed, other: Seed, chance: Random) -> bytes:
    """The interleaved messages of two parts."""
    made = [*seed.messages, *other.messages]
    chance.shuffle(made)
    return texts(made[: chance.randrange(1, len(made) + 1)])


def repeated(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Repeated messages."""
    return texts([chance.choice(seed.messages)] * chance.randrange(2, 12))


def interrupted(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Interrupts during, at the end of, and after every turn."""
    made: list[dict[str, Any]] = []
    for one in seed.messages:
        made += [one, *[message("interrupt")] * (chance.random() < 0.3)]
    return texts([*made, message("interrupt")])


# Splitting into frames.


def fragmented(seed: Seed, _other: Seed, chance: Random) -> bytes:
    """Fragmented audio messages with pings and pongs between them, also split within characters."""
    wire = b""
    for one in seed.messages[:8]:
        parts = pieces(payload(one), chance, 5)
        for number, part in enumerate(parts):
            bits = FIN if number == len(parts) - 1 else 0
            wire += frame(part, Opcode.TEXT if number == 0 else Opcode.CONTINUATION, bits=bits)
            wire += frame(b"are you there", chance.choice((Opcode.PING, Opcode.PONG))) if chance.random() < 0.3 else b""
    return wire


def _field(one: dict[str, Any], chance: Random) -> str:
    names = list(one["data"]) if one["data"] and chance.random() < 0.7 else _FIELDS
    return str(chance.choice(names))


OF_MESSAGES: tuple[Mutation, ...] = (
    odd_value, odd_fields, twice_named, nested, long_list, garble, joined, no_json, as_binary, too_large, intruder,
    reordered, repeated, interrupted, fragmented,
)  # fmt: skip
