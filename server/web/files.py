"""The pages, their files and their security headers."""

from functools import partial
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, RedirectResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocketClose

WEB = Path(__file__).parent / "static"
PAGES = {"/app/": "talk.html", "/app/record": "record.html", "/app/runs": "runs.html", "/docs": "docs.html"}

_HEADERS = {
    # The page loads only from this server. Scripts in transcripts or other texts cannot run.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; "
    "object-src 'none'; form-action 'self'; frame-ancestors 'self'",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # Browsers revalidate on each load (304 if unchanged), so an updated server shows its updated page.
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


@router.get("/app")
async def app() -> Response:
    """Redirect to /app/. The address is relative, because a proxy may serve the page below a path."""
    return RedirectResponse("app/")


async def _page(file: str) -> Response:
    return FileResponse(WEB / file, headers=_HEADERS)


for _path, _file in PAGES.items():
    router.add_api_route(_path, partial(_page, _file))


class Assets(StaticFiles):
    """Static files with the page's headers."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            # Starlette would raise an assertion and log a traceback.
            await WebSocketClose()(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(_HEADERS)
        return response
