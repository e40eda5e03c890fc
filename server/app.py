"""The application: settings in, an ASGI app out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware.cors import CORSMiddleware
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket

from server.openai_routes import router as openai_router
from server.origins import is_allowed
from server.routes import SOCKET_PATH, router
from server.services import Services, open_services, version
from server.session import Connection
from server.settings import Settings
from voicelab.errors import VoicelabError


def create_app(settings: Settings | None = None) -> FastAPI:
    """The server with these settings, or with the environment's; engines load when it starts.

    `app.state.start_fault` is the VoicelabError that kept it from starting, or None.
    """
    chosen = settings or Settings.read()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with open_services(chosen) as services:
                app.state.services = services
                yield
        except VoicelabError as fault:
            app.state.start_fault = fault
            raise

    app = FastAPI(title="voicelab server", version=version(), lifespan=lifespan)
    app.state.start_fault = None
    app.include_router(router)
    app.include_router(openai_router)
    app.add_api_websocket_route(SOCKET_PATH, _voice)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=chosen.cors_origins,
        allow_credentials=chosen.cors_credentials,
        allow_methods=["*"],
        allow_headers=["*"],
    )
    return app


async def _voice(websocket: WebSocket) -> None:
    """One connection, from the check of its origin to its end."""
    services: Services = websocket.app.state.services
    if not is_allowed(websocket, services.settings):
        origin = websocket.headers.get("origin")
        message = f"the origin {origin} is not in CORS_ORIGINS" if origin else "the Origin header is missing"
        await websocket.send_denial_response(JSONResponse({"detail": message}, status_code=403))
        return
    if services.active_connections >= services.settings.max_connections:
        message = f"all {services.settings.max_connections} connections are taken; try again later"
        await websocket.send_denial_response(JSONResponse({"detail": message}, 503, headers={"Retry-After": "10"}))
        return
    await websocket.accept()
    services.active_connections += 1
    try:
        await Connection(websocket, services).run()
    finally:
        services.active_connections -= 1
