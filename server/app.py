"""Build the ASGI application from the settings."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from server.dialects.base import Dialect
from server.dialects.table import DIALECTS, SUBPROTOCOLS
from server.faults import http_refusal
from server.frames import FrameLimits
from server.gate import Gate
from server.http.api import router
from server.http.bodies import BodyLimit, keep_uploads_in_memory
from server.http.departures import Departures
from server.http.health import router as health_router
from server.http.openai.errors import invalid, of_voicelab
from server.http.openai.names import MODEL_HEADER, UNDECODED_HEADER
from server.http.openai.routes import router as openai_router
from server.http.paths import is_openai
from server.http.refusal import HttpRefusal
from server.http.rewriting import Rewriting, head_as_get, with_prefix, without_prefix
from server.loop_share import LoopShare
from server.messages import Refused
from server.origins import as_regex
from server.revocation import keep_revoking
from server.services import Services, open_services, version
from server.session import Connection
from server.settings import Settings
from server.tokens import Tokens
from server.web import account, files, recording, runs, samples
from voicelab.errors import VoicelabError

logger = logging.getLogger(__name__)


def create_app(settings: Settings | None = None, tokens: Tokens | None = None) -> FastAPI:
    """Create the app. Engines load when it starts.

    settings: None reads the environment. tokens: accepted tokens, which may change at run time; None uses those of the
    settings. `app.state.start_fault` holds the VoicelabError that prevented the start, or None.
    """
    chosen = settings or Settings.read()
    accepted = chosen.tokens if tokens is None else tokens

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        try:
            async with open_services(chosen, accepted, app.state.loop_share) as services:
                app.state.services = services
                revoking = asyncio.create_task(keep_revoking(services))
                try:
                    yield
                finally:
                    revoking.cancel()
        except VoicelabError as fault:
            app.state.start_fault = fault
            raise
        except Exception:
            logger.exception("the server failed during start or shutdown")
            raise

    app = FastAPI(title="voicelab server", version=version(), lifespan=lifespan, docs_url=None, redoc_url=None)
    app.state.settings, app.state.tokens, app.state.start_fault = chosen, accepted, None
    app.state.loop_share = LoopShare(chosen.loop_share_per_client)
    app.add_exception_handler(RequestValidationError, _wrong_shape)
    app.add_exception_handler(StarletteHTTPException, _not_found)
    for kind in (HttpRefusal, Refused, VoicelabError, Exception):
        app.add_exception_handler(kind, _failed)
    app.include_router(router)
    app.include_router(health_router)
    app.include_router(openai_router)
    for part in (files, account, samples, runs, recording):
        app.include_router(part.router)
    # The scripts of /docs. FastAPI's own page would load them from a CDN.
    app.mount("/app/assets/swagger", files.Assets(packages=[("fastapi_offline", "static")]))
    app.mount("/app/assets", files.Assets(directory=files.WEB))
    for path, dialect in DIALECTS.items():
        app.add_api_websocket_route(path, partial(_converse, dialect))
    keep_uploads_in_memory()
    app.add_middleware(Rewriting, change=partial(with_prefix, chosen.root_path))
    app.add_middleware(BodyLimit, most_bytes=chosen.max_message_bytes, most_json_bytes=chosen.max_json_bytes)
    app.add_middleware(Departures)
    # Middleware added last runs first. CORS wraps the gate, so that a page can read why it was denied.
    app.add_middleware(Gate)
    app.add_middleware(
        CORSMiddleware,
        allow_origins=chosen.cors_origins,
        allow_origin_regex=as_regex(chosen.cors_origins),
        # With tokens, the only cookie is the sign-in of the server's own page. No other page may use it.
        allow_credentials=chosen.cors_credentials and not accepted,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=[MODEL_HEADER, UNDECODED_HEADER, "Retry-After"],
    )
    app.add_middleware(Rewriting, change=head_as_get)
    app.add_middleware(Rewriting, change=partial(without_prefix, chosen.root_path))
    return app


async def _wrong_shape(request: Request, error: Exception) -> JSONResponse:
    """Return the first validation error of a body or query, without the value, which may not be valid text."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if is_openai(request.scope):
        return invalid(f"{first['loc'][-1]}: {first['msg']}", str(first["loc"][-1])).response(request.scope)
    return JSONResponse({"detail": [{name: first[name] for name in ("type", "loc", "msg")}]}, status_code=422)


async def _not_found(request: Request, error: Exception) -> Response:
    """Answer an unknown path or method, or a form that cannot be read."""
    assert isinstance(error, StarletteHTTPException)
    code = "unknown_url" if is_openai(request.scope) else _CODES.get(error.status_code, "bad_request")
    message = f"{error.detail}: {request.method} {request.url.path[:200]}"
    return HttpRefusal(error.status_code, code, message, headers=error.headers or {}).response(request.scope)


_CODES = {404: "not_found", 405: "method_not_allowed"}


async def _failed(request: Request, error: Exception) -> JSONResponse:
    """Answer an exception that the route did not handle. Starlette would answer in plain text."""
    if isinstance(error, HttpRefusal):
        return error.response(request.scope)
    if is_openai(request.scope) and isinstance(error, VoicelabError):
        return of_voicelab(error).response(request.scope)
    return http_refusal(error).response(request.scope)


async def _converse(dialect: Callable[[WebSocket, FrameLimits], Dialect], websocket: WebSocket) -> None:
    """Accept a connection and run it in this dialect."""
    services: Services = websocket.app.state.services
    limits = FrameLimits(services.settings.max_message_bytes, services.settings.max_json_bytes)
    connection = Connection(websocket, services, dialect(websocket, limits))
    task = asyncio.current_task()
    assert task is not None
    services.connections[connection] = task
    services.metrics.opened()
    try:
        offered = websocket.scope["subprotocols"]
        await websocket.accept(next((name for name in SUBPROTOCOLS if name in offered), None))
        await connection.run()
    except asyncio.CancelledError:
        if connection not in services.leaving:
            raise
        task.uncancel()
        await connection.go_away()
    finally:
        services.leaving.add(connection)
        try:
            if session_id := connection.session_id:
                services.open_sessions.give_back(session_id)
                if not services.open_sessions.taken(session_id):
                    await services.end_session(session_id)
        finally:
            del services.connections[connection]
            services.leaving.discard(connection)
