"""Which web pages may open a connection: a browser does not guard WebSockets as it guards other requests."""

from __future__ import annotations

from starlette.requests import HTTPConnection

from server.settings import Settings

_HTTP_SCHEME = {"ws": "http", "wss": "https"}


def is_allowed(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the Origin header is in CORS_ORIGINS or is the server's own; a missing one only passes with `*`."""
    if settings.any_origin:
        return True
    origin = connection.headers.get("origin", "").lower()
    return bool(origin) and (origin in settings.cors_origins or origin == own_origin(connection))


def own_origin(connection: HTTPConnection) -> str:
    """The origin of a page that this server itself would have served."""
    scheme = connection.scope["scheme"]
    return f"{_HTTP_SCHEME.get(scheme, scheme)}://{connection.headers.get('host', '')}".lower()
