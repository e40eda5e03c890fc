"""Bearer tokens: who it is that asks."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from starlette.requests import HTTPConnection

TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,}")
"""Long enough not to be guessed, and of letters that a WebSocket's subprotocol may have."""
PROTOCOL = "voicelab"
"""The subprotocol that is agreed on with a client that offers its token as another one."""
_PREFIX = "bearer."
COOKIE = "voicelab_token"
"""Where the page keeps its token: a browser sends it with sounds, frames and WebSockets too, which take no header."""


class Tokens:
    """The tokens of the settings; only their digests are kept."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = [(_digest(token), user) for token, user in users.items()]

    def __bool__(self) -> bool:
        return bool(self._users)

    def user_of(self, token: str) -> str | None:
        """Whose token this is. Every token is compared, each in constant time, so that the time taken tells nothing."""
        asked, found = _digest(token), None
        for digest, user in self._users:
            if hmac.compare_digest(digest, asked):
                found = user
        return found


def presented(connection: HTTPConnection) -> str | None:
    """The token of a request: in its Authorization header, its subprotocol (`bearer.<token>`), or the page's cookie."""
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    offered = [name for name in connection.scope.get("subprotocols", ()) if name.startswith(_PREFIX)]
    return offered[0].removeprefix(_PREFIX) if offered else connection.cookies.get(COOKIE)


def read(text: str) -> dict[str, str]:
    """Tokens and their users from JSON, `{"<token>": "<user>"}`; ValueError says what is wrong, naming no token."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict) or not found:
        raise ValueError('not a JSON object such as {"<token>": "<user>"}')
    for number, (token, user) in enumerate(found.items(), start=1):
        if not TOKEN.fullmatch(token):
            raise ValueError(
                f"token {number} is not 16 or more of A-Z a-z 0-9 . _ ~ -; make one: "
                "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            )
        if not isinstance(user, str) or not user:
            raise ValueError(f"the user of token {number} is not a name")
    return found


def read_file(path: Path) -> dict[str, str]:
    """The same from a file."""
    try:
        return read(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"cannot be read: {error}") from None


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
