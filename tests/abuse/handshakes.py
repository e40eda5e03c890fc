"""Valid and invalid handshakes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

_PATH = "/ws/voice/simple"
HEADERS = (
    ("Host", "localhost:8000"),  # without a port, pages on every port would count as the server's own
    ("Origin", "http://localhost:3000"),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


@dataclass(frozen=True, slots=True)
class Handshake:
    """The first bytes of a connection. opens: whether they must open a WebSocket; None if both are allowed.

    ends: whether the client then half-closes the connection, because the request may be incomplete.
    """

    data: bytes
    opens: bool | None = True
    ends: bool = False


def request(
    path: str = _PATH, headers: Sequence[tuple[str, str]] = HEADERS, *, method: str = "GET", version: str = "1.1"
) -> bytes:
    """An HTTP request."""
    lines = [f"{method} {path} HTTP/{version}", *(f"{name}: {value}" for name, value in headers), "", ""]
    return "\r\n".join(lines).encode("latin-1", "replace")


SOUND = Handshake(request())

_DENIED_ORIGINS = (
    "null", "https://localhost:3000", "http://localhost:3000.evil.example", "http://localhost:3001", "http://evil.example",
    "http://localhost:3000/", "http://localhost:3000@evil.example", "", "file://", "http://[", "http://localhost:99999999999",
    "\xff\xfe", "*",
)  # fmt: skip
_QUERIES = (
    "?user_id=ada",
    "?user_id=%ED%A0%80",
    "?user_id=%00",
    "?&&=&user_id=a&user_id=b",
    "?%",
    "?",
)
_PATHS = (
    "/", "//", "/ws/voice/simple/", "/ws/voice", "/ws/../ws/voice/simple", "/ws/voice/%73imple", "/%00",
    "/" + "a" * 7000, "/ws/voice/simple%2f", "http://localhost/ws/voice/simple", "*",
    "/app/assets/../../server/app.py", "/metrics", "/%ff%fe", "/ws/voice/simple#x",
)  # fmt: skip


_LONG_NAME = "?user_id=" + "x" * 5000  # longer than a user's name may be


def _with(name: str, value: str | None) -> list[tuple[str, str]]:
    kept = [(given, kept_value) for given, kept_value in HEADERS if given != name]
    return kept if value is None else [*kept, (name, value)]


def _asked(chance: Random) -> Handshake:
    query = chance.choice((*_QUERIES, _LONG_NAME))
    return Handshake(request(_PATH + query), opens=query != _LONG_NAME)


def _origin(chance: Random) -> Handshake:
    return Handshake(request(headers=_with("Origin", chance.choice((None, *_DENIED_ORIGINS)))), opens=False)


def _host(chance: Random) -> Handshake:
    name = chance.choice(
        (None, "evil.example", "localhost:8000:1", "localhost, evil.example", "127.0.0.1.evil.example", "[", "")
    )
    return Handshake(request(headers=_with("Host", name)), opens=False)


def _path(chance: Random) -> Handshake:
    return Handshake(request(chance.choice(_PATHS)), opens=None)


def _fields(chance: Random) -> Handshake:
    name, value = chance.choice(
        (
            ("Sec-WebSocket-Key", None), ("Sec-WebSocket-Key", "short"), ("Sec-WebSocket-Key", "*" * 24),
            ("Sec-WebSocket-Version", "8"), ("Sec-WebSocket-Version", None), ("Upgrade", "h2c"),
            ("Connection", "close"), ("Connection", None), ("Upgrade", "websocket, h2c"),
        )
    )  # fmt: skip
    return Handshake(request(headers=_with(name, value)), opens=None, ends=chance.random() < 0.2)


def _more(chance: Random) -> Handshake:
    """More or longer headers than a server must accept."""
    extra = chance.choice(
        (
            [(f"X-{number}", "1") for number in range(chance.choice((20, 130, 400)))],
            [("Cookie", "a" * chance.choice((4_000, 9_000, 30_000)))],
            [("X-" + "n" * 9_000, "1")],
            [("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=99, x;;;")],
            [("Sec-WebSocket-Extensions", ";")],
            [("Sec-WebSocket-Protocol", "voicelab, bearer." + "x" * 300)],
            [("Sec-WebSocket-Protocol", ",,;")],
            [("Origin", "http://localhost:3000"), ("Origin", "http://evil.example")],
            [("Authorization", "Bearer \xff")],
            [("Content-Length", "0")],
        )
    )
    return Handshake(request(headers=[*HEADERS, *extra]), opens=None)


def _long_query(chance: Random) -> Handshake:
    return Handshake(request(f"{_PATH}?x=" + "y" * chance.choice((8_000, 8_200, 20_000, 60_000))), opens=None)


def _other_method(chance: Random) -> Handshake:
    method, version = chance.choice(
        (("POST", "1.1"), ("GET", "1.0"), ("PRI", "2.0"), ("get", "1.1"), ("OPTIONS", "1.1"))
    )
    return Handshake(request(method=method, version=version), opens=None, ends=True)


def _flipped(chance: Random) -> Handshake:
    data = bytearray(request())
    for _ in range(chance.choice((1, 3, 20))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    return Handshake(bytes(data), opens=None, ends=True)


def _cut(chance: Random) -> Handshake:
    data = request()
    return Handshake(data[: chance.randrange(1, len(data) - 1)], opens=None, ends=True)


def _garbage(chance: Random) -> Handshake:
    data = chance.choice(
        (
            chance.randbytes(chance.randrange(1, 600)),
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + chance.randbytes(200),  # TLS
            b"\r\n\r\n\r\n",
            b"\x00" * 500,
            b"A" * 70_000,
            b"GET / HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000,
        )
    )  # fmt: skip
    return Handshake(data, opens=None, ends=True)


_KINDS: tuple[Callable[[Random], Handshake], ...] = (
    _asked, _origin, _host, _path, _fields, _more, _long_query, _other_method, _flipped, _cut, _garbage,
)  # fmt: skip


KINDS = len(_KINDS)


def odd(number: int, chance: Random) -> Handshake:
    """Return an unusual handshake by its number."""
    return _KINDS[number % len(_KINDS)](chance)
