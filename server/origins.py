"""Which web pages may use the server: a browser does not guard WebSockets as it guards other requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from server.settings import Settings

_HTTP_SCHEME = {"ws": "http", "wss": "https"}
_DEFAULT_PORT = {"http": ":80", "https": ":443"}
# Scheme, host and port and nothing else: no user before an @, no path, no second colon outside of an IPv6 address.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/:@\[\]?#\\]+)(:[0-9]{1,5})?")


def canonical(origin: str) -> str | None:
    """An origin as browsers write it, small letters and no default port; None for what is none."""
    if origin.lower() == "null":
        return "null"
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None:
        return None
    scheme, host, port = found.groups()
    return f"{scheme}://{host}{port if port and port != _DEFAULT_PORT.get(scheme) else ''}"


def is_allowed(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the Origin header is in CORS_ORIGINS or is the server's own; a missing one only passes with `*`."""
    if settings.any_origin:
        return True
    origins = connection.headers.getlist("origin")
    origin = canonical(origins[0]) if len(origins) == 1 else None
    return origin is not None and (origin in settings.cors_origins or origin == own_origin(connection))


def own_origin(connection: HTTPConnection) -> str | None:
    """The origin of a page that this server itself would have served; the Host header was checked before."""
    scheme = connection.scope["scheme"]
    return canonical(f"{_HTTP_SCHEME.get(scheme, scheme)}://{connection.headers.get('host', '')}")
