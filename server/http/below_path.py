"""Support for a proxy that serves the server below a path (ROOT_PATH), such as https://lab.example/voice/.

Some proxies forward the whole path, others strip the prefix; both work. The server's checks see paths without the
prefix. The routes, which generate URLs, see the prefix as ASGI's root_path.
"""

import re

from starlette.types import ASGIApp, Receive, Scope, Send

OWN_SEGMENTS = ("api", "app", "docs", "health", "metrics", "openapi.json", "redoc", "v1", "ws")
"""The first segments of the server's own paths. A prefix that starts with one of these would be ambiguous."""
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def checked(value: str) -> str:
    """Return the prefix with a leading and without a trailing slash, or "". Raises ValueError for an invalid one."""
    prefix = value.strip().rstrip("/")
    segments = prefix.split("/")[1:]
    if prefix and (not _PREFIX.fullmatch(prefix) or set(segments) <= {".", ".."}):
        raise ValueError("write the path below which the proxy serves this server, such as /voice")
    if segments and segments[0] in OWN_SEGMENTS:
        raise ValueError(f"/{segments[0]} is one of the server's own paths; choose another prefix")
    return prefix


class WithoutPrefix:
    """ASGI middleware that strips the prefix if the proxy has not done so."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and _is_below(scope["path"], self._prefix):
            scope = {**scope, "path": scope["path"][len(self._prefix) :] or "/"}
        await self._app(scope, receive, send)


class UnderPrefix:
    """ASGI middleware that adds the prefix to the path and sets it as ASGI's root_path."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["root_path"], scope["path"] = self._prefix, self._prefix + scope["path"]
        await self._app(scope, receive, send)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
