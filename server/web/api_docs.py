"""`/docs`: Swagger UI for the HTTP routes, without external resources.

The scripts come from the package fastapi-offline; FastAPI's own page loads them from a CDN.
"""

from importlib import resources
from pathlib import Path

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from server.web.files import HEADERS, WEB, Assets

router = APIRouter(include_in_schema=False)


@router.get("/docs")
async def docs() -> Response:
    return FileResponse(WEB / "docs.html", headers=HEADERS)


def swagger_ui() -> Assets:
    """Return the scripts and styles of Swagger UI, with the page's headers."""
    return Assets(Path(str(resources.files("fastapi_offline"))) / "static")
