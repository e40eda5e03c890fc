"""Change requests before the app sees them: HEAD, and paths below that of a proxy (ROOT_PATH).

A proxy may serve the server below a path, such as https://lab.example/voice/. Some proxies forward the whole path,
others strip the prefix; both work. The server's checks see paths without the prefix. The routes, which generate URLs,
see the prefix as ASGI's root_path.
"""

import re
from collections.abc import Callable

from starlette.types import ASGIApp, Receive, Scope, Send

OWN_SEGMENTS = ("api", "app", "docs", "health", "metrics", "openapi.json", "redoc", "v1", "ws")
"""The first segments of the server's own paths. A prefix that starts with one of these would be ambiguous."""
_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+)+")


def checked_prefix(value: str) -> str:
    """Return the prefix with a leading and without a trailing slash, or "". Raises ValueError for an invalid one."""
    prefix = value.strip().rstrip("/")
    segments = prefix.split("/")[1:]
    if prefix and (not _PREFIX.fullmatch(prefix) or set(segments) <= {".", ".."}):
        raise ValueError("write the path below which the proxy serves this server, such as /voice")
    if segments and segments[0] in OWN_SEGMENTS:
        raise ValueError(f"/{segments[0]} is one of the server's own paths; choose another prefix")
    return prefix


class Rewriting:
    """ASGI middleware that changes requests and WebSocket handshakes.

    change: returns the scope for the app. It must not change the given one, which the middleware outside also reads.
    """

    def __init__(self, app: ASGIApp, change: Callable[[Scope], Scope]) -> None:
        self._app = app
        self._change = change

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_request = scope["type"] in ("http", "websocket")
        await self._app(self._change(scope) if is_request else scope, receive, send)


def head_as_get(scope: Scope) -> Scope:
    """Answer HEAD like GET, as HTTP requires; monitors and proxies send it. uvicorn leaves out the body."""
    return {**scope, "method": "GET"} if scope.get("method") == "HEAD" else scope


def without_prefix(prefix: str, scope: Scope) -> Scope:
    """Strip the prefix from the path, if the proxy has not done so."""
    path = scope["path"]
    is_below = path == prefix or path.startswith(prefix + "/")
    return {**scope, "path": path[len(prefix) :] or "/"} if is_below else scope


def with_prefix(prefix: str, scope: Scope) -> Scope:
    """Add the prefix to the path, and set it as ASGI's root_path."""
    return {**scope, "root_path": prefix, "path": prefix + scope["path"]}
