"""Message connections, and errors that identify the cause of a disconnect."""

import asyncio
import json
import os
import re
import ssl
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Protocol, Self
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
import websockets
from websockets.asyncio.client import ClientConnection

from voicelab.engines.addresses import basic_authorization, take_user
from voicelab.errors import ConnectionLostError, InputError, UnreachableError, VoicelabError
from voicelab.targets.background import analyse
from voicelab.targets.streaming.events import Frame

LARGEST_MESSAGE_BYTES = 16 * 2**20
_CLOSE_LIMIT_S = 2.0
_PING_S = 20.0
"""Interval of pings. A connection is lost if a ping is unanswered, or nothing can be sent, for this long."""
_FINAL_STATUSES = {
    HTTPStatus.OK,
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.NOT_FOUND,
    HTTPStatus.METHOD_NOT_ALLOWED,
    HTTPStatus.UPGRADE_REQUIRED,
}
"""HTTP statuses of a refused handshake for which retrying is pointless."""
_LONGEST_REASON = 200
_SHORTEST_KEY = 8
"""Shorter parts of headers, such as "Bearer", are not treated as keys."""
_NAMES_A_KEY = re.compile("auth|key|token|secret|password|cookie", re.IGNORECASE)
_VARIABLE = re.compile(r"\$\{(\w+)\}")


class Transport(Protocol):
    """An open connection. All methods raise ConnectionLostError if it ends."""

    async def send(self, frame: Frame) -> None: ...

    async def receive(self) -> Frame: ...

    async def close(self) -> None: ...


class WebSocket:
    """A WebSocket client."""

    def __init__(self, connection: ClientConnection, shown: str, keys: Sequence[str] = ()) -> None:
        self._connection = connection
        self._shown = shown
        self._keys = keys

    @classmethod
    async def connect(
        cls,
        url: str,
        *,
        headers: Mapping[str, str] | None = None,
        subprotocols: Sequence[str] = (),
        origin: bool = False,
        timeout_s: float,
    ) -> Self:
        """Open a connection. Credentials in the URL are sent with HTTP Basic. origin: send the URL's own origin.

        Raises InputError for an invalid address or a permanent refusal, else UnreachableError.
        """
        named = _VARIABLE.findall(url)
        url = check_url(take_user(with_environment(url)), ("ws", "wss"), what="url")
        shown = without_query(url)
        sent = {**basic_authorization(url), **(headers or {})}
        keys = _keys({**sent, **{name: os.environ[name] for name in named}})
        try:
            connection = await websockets.connect(
                url,
                additional_headers=sent,
                origin=_own_origin(url) if origin else None,
                subprotocols=[websockets.Subprotocol(one) for one in subprotocols] or None,
                max_size=LARGEST_MESSAGE_BYTES,
                open_timeout=timeout_s,
                close_timeout=_CLOSE_LIMIT_S,
                ping_interval=_PING_S,
                ping_timeout=_PING_S,
                compression=None,
                proxy=None,
            )
        except websockets.InvalidStatus as error:
            raise _refused(shown, error, keys) from error
        except websockets.InvalidURI as error:
            raise InputError(
                f"{shown}: redirects to an address that is not ws:// or wss://; check its address"
            ) from error
        except (OSError, websockets.WebSocketException) as error:
            raise _unreachable(shown, error, timeout_s) from error
        return cls(connection, shown, keys)

    async def send(self, frame: Frame) -> None:
        try:
            # A ping waits behind a frame that a peer does not read, so pings alone do not notice such a peer.
            async with asyncio.timeout(_PING_S):
                await self._connection.send(frame)
        except TimeoutError as error:
            raise ConnectionLostError(f"{self._shown}: the target read nothing for {_PING_S:g} s") from error
        except websockets.ConnectionClosed as error:
            raise self._lost(error) from error

    async def receive(self) -> Frame:
        try:
            frame = await self._connection.recv()
            return without_keys(frame, self._keys) if isinstance(frame, str) else frame
        except websockets.ConnectionClosed as error:
            raise self._lost(error) from error

    async def close(self) -> None:
        try:
            async with asyncio.timeout(2 * _CLOSE_LIMIT_S):
                await self._connection.close()
        except TimeoutError:
            self._connection.transport.abort()

    def _lost(self, error: websockets.ConnectionClosed) -> ConnectionLostError:
        reason = without_keys(str(error), self._keys)[:_LONGEST_REASON]
        return ConnectionLostError(f"{self._shown}: the target closed the connection: {reason}")


def check_url(url: str, schemes: tuple[str, ...], *, what: str) -> str:
    """Return the URL if it has one of the schemes and a host. Raises InputError, which starts with `what`."""
    forms = " or ".join(f"{scheme}://HOST:PORT/PATH" for scheme in schemes)
    try:
        parts = urlsplit(url)
        usable = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise InputError(f"{what} {without_query(url)!r}: {error}; write {forms}") from error
    if not usable:
        raise InputError(f"{what} {without_query(url)!r} is not an address; write {forms}")
    return url


def with_environment(text: str) -> str:
    """Replace every ${VARIABLE} in a URL from the environment. Raises InputError for an unset variable."""

    def value(found: re.Match[str]) -> str:
        if found[1] not in os.environ:
            raise InputError(f"url: the environment variable {found[1]} is not set; export it")
        return quote(os.environ[found[1]], safe="")

    return _VARIABLE.sub(value, text)


def without_query(url: str) -> str:
    """Return the URL for messages, without its query, which may contain a key."""
    try:
        return urlunsplit(urlsplit(url)._replace(query="", fragment=""))
    except ValueError:
        return url.partition("?")[0]


def _own_origin(url: str) -> websockets.Origin:
    """Return the origin of web pages on the same host."""
    parts = urlsplit(url)
    return websockets.Origin(f"{'https' if parts.scheme == 'wss' else 'http'}://{parts.netloc}")


def _keys(named: Mapping[str, str]) -> list[str]:
    """Return the keys among headers and environment variables, by their names."""
    values = [value for name, value in named.items() if _NAMES_A_KEY.search(name)]
    return [part for value in values for part in value.split() if len(part) >= _SHORTEST_KEY]


def without_keys(text: str, keys: Sequence[str]) -> str:
    """Replace keys that were sent, because some servers repeat them in their errors."""
    for key in keys:
        text = text.replace(key, "***")
    return text


def bearer(variable: str | None, *, is_required: bool = True) -> dict[str, str]:
    """Return the header with the key in this environment variable; none without a variable.

    Raises InputError if it is required and not set, or if it cannot be in a header.
    """
    key = os.environ.get(variable, "") if variable else ""
    if variable and is_required and not key:
        raise InputError(f"key_env: the environment variable {variable} is not set; export it")
    if not (key.isascii() and key.isprintable()):
        raise InputError(f"key_env: the environment variable {variable} has a character that a header may not have")
    return {"Authorization": f"Bearer {key}"} if key else {}


async def http_client(timeout_s: float) -> httpx.AsyncClient:
    """Return a client that trusts SSL_CERT_FILE if it is set, like WebSockets, otherwise httpx's own list."""

    def opened() -> httpx.AsyncClient:
        verify = ssl.create_default_context() if os.environ.get("SSL_CERT_FILE") else True
        return httpx.AsyncClient(trust_env=False, verify=verify, timeout=timeout_s)

    return await analyse(opened)  # in a thread, because loading the certificates takes long


def certificate_reason(error: BaseException | None) -> str | None:
    """Return why a certificate is not trusted, and the way out; None if no certificate caused the error."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    if error is None:
        return None
    why = error.verify_message.rstrip(".") or "it cannot be verified"
    return f"its certificate is not trusted: {why}; to trust it, export SSL_CERT_FILE=CERTIFICATE.pem"


def _unreachable(shown: str, error: Exception, timeout_s: float) -> UnreachableError:
    if reason := certificate_reason(error):
        return UnreachableError(f"{shown}: cannot connect: {reason}")
    if isinstance(error, TimeoutError):
        reason = f"no answer for {timeout_s:g} s"
    else:
        reason = str(error) or "the connection was closed"
    return UnreachableError(f"{shown}: cannot connect: {reason}; is the agent running there?")


def _refused(shown: str, error: websockets.InvalidStatus, keys: Sequence[str]) -> VoicelabError:
    status = error.response.status_code
    detail = without_keys(_detail(error.response.body), keys)
    message = f"{shown}: the target refused the connection with HTTP {status}{detail}"
    if status not in _FINAL_STATUSES:
        return UnreachableError(message)
    way_out = "check its key" if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN) else "check its address"
    return InputError(f"{message}; {way_out}")


def _detail(body: bytes | bytearray | None) -> str:
    """Return the reason in the body of a refusal, if it is short."""
    text = (body or b"").decode(errors="replace").strip()
    try:
        found = json.loads(text)
        error = found.get("detail") or found.get("error") or found
        text = error if isinstance(error, str) else str(error.get("message", error))
    except (ValueError, AttributeError):
        pass
    return f": {text[:_LONGEST_REASON]}" if text and "<html" not in text.lower() else ""
