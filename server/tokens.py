"""Bearer tokens: which user a request speaks for."""

from __future__ import annotations

import base64
import binascii
import hmac
import json
import re
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

from starlette.requests import HTTPConnection

TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,}")
"""Long enough not to be guessed, and of letters that a WebSocket's subprotocol may have."""
PROTOCOL = "voicelab"
"""The subprotocol that is agreed on with a client that offers its token as another one."""
_PREFIXES = ("bearer.", "openai-insecure-api-key.")


class Tokens:
    """The tokens that the server accepts; only their SHA-256 digests are kept. Falsy where it asks for none."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = [(_digest(token), user) for token, user in users.items()]

    @classmethod
    def of_digests(cls, text: str) -> Self:
        """From what `digests` wrote."""
        found = cls({})
        found._users = [(bytes.fromhex(digest), user) for digest, user in json.loads(text)]
        return found

    def __bool__(self) -> bool:
        return bool(self._users)

    def digests(self) -> str:
        """Digests and users as one line of JSON, for other processes of this server."""
        return json.dumps([(digest.hex(), user) for digest, user in self._users])

    def replace(self, others: Tokens) -> None:
        """Accept those of `others` from now on instead."""
        self._users = others._users

    def user_of(self, token: str) -> str | None:
        """Whose token this is. Every token is compared, each in constant time, so that the time taken tells nothing."""
        asked, found = _digest(token), None
        for digest, user in self._users:
            if hmac.compare_digest(digest, asked):
                found = user
        return found

    def mark(self, token: str, key: str) -> str:
        """What ties a sign-in to its token. Without the key, which the server does not keep, no token can be tried."""
        return _mark(_digest(token), key)

    def user_marked(self, mark: str, key: str) -> str | None:
        """Whose token the mark was made of, if it is still accepted."""
        found = None
        for digest, user in self._users:
            if hmac.compare_digest(_mark(digest, key), mark):
                found = user
        return found


def presented(connection: HTTPConnection) -> str | None:
    """The token of a request: in its Authorization header, or its subprotocol (`bearer.<token>`).

    OpenAI's clients in browsers write the subprotocol as `openai-insecure-api-key.<token>`.

    With HTTP Basic, which `http://user:token@host` becomes, it is the password.
    """
    scheme, _, rest = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return rest.strip()
    if scheme.lower() == "basic":
        return _password(rest.strip())
    for name in connection.scope.get("subprotocols", ()):
        for prefix in _PREFIXES:
            if name.startswith(prefix):
                return str(name.removeprefix(prefix))
    return None


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials, validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""


def read(text: str) -> dict[str, str]:
    """Tokens and their users from JSON, `{"<token>": "<user>"}`; ValueError says what is wrong, naming no token."""
    try:
        found: Any = json.loads(text)
    except (ValueError, RecursionError):
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
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"cannot be read: not UTF-8: {error.reason}") from None
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    return read(text)


def _digest(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()


def _mark(digest: bytes, key: str) -> str:
    return hmac.new(key.encode(), digest, sha256).hexdigest()
