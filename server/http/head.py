"""HEAD requests, which HTTP requires wherever GET works. Monitors and proxies send them."""

from starlette.types import ASGIApp, Receive, Scope, Send


class HeadLikeGet:
    """ASGI middleware that answers HEAD like GET. uvicorn leaves out the body."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
