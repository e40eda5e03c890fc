"""A server below a path of a proxy (ROOT_PATH), such as https://lab.example/voice/.

Proxies differ: some pass the whole path on, others take the prefix off first. Both are accepted. The server's own
checks see paths without the prefix; the routes, which make addresses of them, see the prefix as ASGI's root_path.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

OWN_SEGMENTS = ("api", "app", "docs", "health", "metrics", "openapi.json", "redoc", "v1", "ws")
"""The first segments of the server's own paths. One of these as a prefix could not be told from the path itself."""
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def checked(value: str) -> str:
    """A prefix with a slash before and none behind it, or ""; ValueError for what cannot be one."""
    prefix = value.strip().rstrip("/")
    if prefix and not _PREFIX.fullmatch(prefix):
        raise ValueError("write the path that the proxy serves this server below, such as /voice")
    segments = prefix.split("/")[1:]
    if set(segments) <= {".", ".."} and segments:
        raise ValueError("write the path that the proxy serves this server below, such as /voice")
    if segments and segments[0] in OWN_SEGMENTS:
        raise ValueError(f"/{segments[0]} is a path of the server's own; choose another prefix")
    return prefix


class WithoutPrefix:
    """ASGI middleware: takes the prefix off, where the proxy has left it on."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket") and _is_below(scope["path"], self._prefix):
            scope = {**scope, "path": scope["path"][len(self._prefix) :] or "/"}
        await self._app(scope, receive, send)


class UnderPrefix:
    """ASGI middleware: puts the prefix before the path again, as ASGI's root_path."""

    def __init__(self, app: ASGIApp, prefix: str) -> None:
        self._app = app
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            scope["root_path"], scope["path"] = self._prefix, self._prefix + scope["path"]
        await self._app(scope, receive, send)


def _is_below(path: str, prefix: str) -> bool:
    return path == prefix or path.startswith(prefix + "/")
