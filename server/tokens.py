"""Bearer tokens, and the user each one identifies."""

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
"""Too long to guess, and only characters that are allowed in a WebSocket subprotocol."""
PROTOCOL = "voicelab"
"""The subprotocol that the server selects when a client offers its token as a second subprotocol."""
_PREFIXES = ("bearer.", "openai-insecure-api-key.")


class Tokens:
    """The accepted tokens, stored as SHA-256 digests. Falsy when empty: the server then requires no token."""

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = [(_digest(token), user) for token, user in users.items()]

    @classmethod
    def of_digests(cls, text: str) -> Self:
        """Create from the output of `digests`."""
        found = cls({})
        found._users = [(bytes.fromhex(digest), user) for digest, user in json.loads(text)]
        return found

    def __bool__(self) -> bool:
        return bool(self._users)

    def digests(self) -> str:
        """Return digests and users as one line of JSON, for the worker processes."""
        return json.dumps([(digest.hex(), user) for digest, user in self._users])

    def replace(self, others: Tokens) -> None:
        """Accept the tokens of `others` instead from now on."""
        self._users = others._users

    def user_of(self, token: str) -> str | None:
        """Return the token's user, or None. Compares all tokens in constant time to prevent timing attacks."""
        given, found = _digest(token), None
        for digest, user in self._users:
            if hmac.compare_digest(digest, given):
                found = user
        return found

    def mark(self, token: str, key: str) -> str:
        """Return a keyed hash that links a sign-in to its token. The server does not store the key."""
        return _mark(_digest(token), key)

    def user_marked(self, mark: str, key: str) -> str | None:
        """Return the user of the token that the mark was made from; None if it is no longer accepted."""
        found = None
        for digest, user in self._users:
            if hmac.compare_digest(_mark(digest, key), mark):
                found = user
        return found


def presented(connection: HTTPConnection) -> str | None:
    """Return the token of a request, or None.

    It is in the Authorization header (with HTTP Basic, `http://user:token@host`, it is the password) or in a
    subprotocol: `bearer.<token>`, or `openai-insecure-api-key.<token>` from OpenAI's browser clients.
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
    """Parse tokens and users from JSON, `{"<token>": "<user>"}`. Raises ValueError, whose message shows no token."""
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
    """Parse tokens and users from a file, like `read`."""
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
