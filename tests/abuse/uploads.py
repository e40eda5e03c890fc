"""HTTP uploads of intact, truncated or damaged audio, and playlists, to /v1 and to the page's recordings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from tests.abuse.handshakes import Handshake

RECORDED_SET = "fuzz"
"""The set for takes; `fuzz` creates it before the first conversation."""
_BOUNDARY = "fuzz-boundary"
_LONG_LISTS = (
    b'{"name": "x", "texts": [' + b"0," * 30_000 + b"0]}",
    b'{"model": "fake", "input": ' + b"[" * 900 + b"]" * 900 + b"}",
    b'{"model": "fake", "input": "hi", ' + b", ".join(b'"%d": 0' % number for number in range(4_000)) + b"}",
    b"[" * 60_000,
    b'{"command": "hi", "session_id": ' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"}",
)


def upload(sounds: Sequence[bytes], chance: Random) -> Handshake:
    """An upload of one of these sounds, after damage."""
    data = _damaged(chance.choice(sounds), chance.choice(sounds), chance)
    if chance.random() < 0.5:
        fields = {
            "model": "fake",
            "response_format": chance.choice(("json", "text", "srt", "vtt", "verbose_json", "x")),
        }
        return _post("/v1/audio/transcriptions", _form(fields, "file", data), chance)
    fields = {"prompt_id": "prompt_001", "speaker": chance.choice(("s01", "", "../x")), "consent": "true"}
    return _post(f"/app/api/recordings/{RECORDED_SET}/takes", _form(fields, "audio", data), chance)


def json_body(_sounds: Sequence[bytes], chance: Random) -> Handshake:
    """A JSON body with a long list, deep nesting, many unknown fields, or an ordinary one."""
    ordinary = json.dumps({"model": "fake", "input": "hello", "command": "hello", "name": "x"}).encode()
    path = chance.choice(("/v1/audio/speech", "/api/voice/command", "/app/api/recordings"))
    return _post(path, ("application/json", chance.choice((*_LONG_LISTS, ordinary))), chance)


def _damaged(data: bytes, other: bytes, chance: Random) -> bytes:
    """Intact, truncated, without its beginning, with flipped bits, with a gap, or continued as other audio."""
    match chance.randrange(6):
        case 1:
            return data[: chance.randrange(len(data) + 1)]
        case 2:
            return data[chance.randrange(len(data)) :]
        case 3:
            flipped = bytearray(data)
            for _ in range(chance.choice((1, 8, 60))):
                flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            return bytes(flipped)
        case 4:
            place = chance.randrange(len(data))
            return data[:place] + bytes(chance.choice((1, 300, 5_000))) + data[place + 300 :]
        case 5:
            return data[: chance.randrange(len(data) + 1)] + other
    return data


def _form(fields: dict[str, str], file: str, data: bytes) -> tuple[str, bytes]:
    parts = [f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
             for name, value in fields.items()]  # fmt: skip
    head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{file}"; filename="a"\r\n\r\n'.encode()
    body = b"".join(parts) + head + data + f"\r\n--{_BOUNDARY}--\r\n".encode()
    return f"multipart/form-data; boundary={_BOUNDARY}", body


def _post(path: str, content: tuple[str, bytes], chance: Random) -> Handshake:
    """A request; one in ten declares more than it sends, and then half-closes the connection."""
    kind, body = content
    ends = chance.random() < 0.1
    head = (
        f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len(body) + ends}\r\n\r\n"
    )
    return Handshake(head.encode() + body, opens=False, ends=ends)
