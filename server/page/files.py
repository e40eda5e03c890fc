"""The page's own files, and the headers that keep it to itself."""

from __future__ import annotations

from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

WEB = Path(__file__).parent / "web"

HEADERS = {
    # All that the page loads comes from this server; a text of a recording that held a script could not run it.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; media-src 'self' blob:; base-uri 'none'; "
    "object-src 'none'; form-action 'self'; frame-ancestors 'self'",
    "Permissions-Policy": "microphone=(self)",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    # Asked for anew each time, and answered with 304 when nothing changed: an updated server has an updated page.
    "Cache-Control": "no-cache",
}

router = APIRouter(include_in_schema=False)


def _page(name: str) -> FileResponse:
    return FileResponse(WEB / name, headers=HEADERS)


@router.get("/app")
@router.get("/app/")
async def talk() -> Response:
    return _page("talk.html")


@router.get("/app/record")
async def record() -> Response:
    return _page("record.html")


@router.get("/app/runs")
async def runs() -> Response:
    return _page("runs.html")


class Assets(StaticFiles):
    """Styles and modules, with the page's headers."""

    def __init__(self) -> None:
        super().__init__(directory=WEB)

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response
