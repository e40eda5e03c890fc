"""How uvicorn runs the app: what it reads, what it logs, how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import socket
import sys
import threading
from collections.abc import MutableMapping
from types import FrameType
from typing import Any

import uvicorn
from fastapi import FastAPI

from server.gate import REQUESTS_BESIDE
from server.http.forwarded import ForwardedHeaders
from server.http.requests import RequestLimits, request_protocol
from server.logs import level_for_uvicorn
from server.services import Services
from server.settings import Settings
from server.sockets import socket_protocol
from server.token_reload import reload_on_hangup
from voicelab.audio.limits import cancel_all
from voicelab.engines.pool.allocator import give_back_when_empty, map_large_blocks
from voicelab.errors import VoicelabError

logger = logging.getLogger("server")

_CLOSING_SHARE = 0.5
_LONGEST_CLOSING_S = 5.0
"""What is kept of SHUTDOWN_LIMIT_S, at most, for the goodbyes, and as much again for what else is to be closed."""
_SWITCH_S = 0.001
_BESIDE_WEBSOCKETS = 100
"""So many more connections that are no WebSockets there may be than WebSockets, which all begin as such."""
_OTHER_DESCRIPTORS = 100
"""For files, the history, and the engines' processes."""


class Server(uvicorn.Server):
    """uvicorn's server, which says where it serves also when it is given its socket, and lets turns end.

    owns_process: nothing else runs in this process. Then it is made one that answers soon (`_answer_soon`) and keeps no
    memory that it does not use (heap.py), and ended when SHUTDOWN_LIMIT_S is over and something still hangs.
    """

    def __init__(self, config: uvicorn.Config, *, owns_process: bool = False) -> None:
        super().__init__(config)
        application: _ClearStart = config.app  # type: ignore[assignment]
        self._app = application.app
        self._settings: Settings = application.app.state.settings
        self._owns_process = owns_process
        self._tidying: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self._owns_process:
            map_large_blocks()
            _allow_descriptors(2 * self._settings.max_connections + _BESIDE_WEBSOCKETS + _OTHER_DESCRIPTORS)
        await super().startup(sockets)
        if self._owns_process:
            _answer_soon()
            if self._settings.auth_tokens_file is not None:
                reload_on_hangup(self._app.state.tokens, self._settings.auth_tokens_file)
            services: Services = self._app.state.services
            self._tidying = asyncio.create_task(give_back_when_empty(lambda: not services.connections))
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            logger.info("Serving on http://%s:%d (Ctrl-C ends it)", f"[{host}]" if ":" in host else host, port)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._owns_process and not self.should_exit:
            timer = threading.Timer(self._settings.shutdown_limit_s, _end_process)
            timer.daemon = True
            timer.start()
        super().handle_exit(sig, frame)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Send the connections away, each when its turn is over; then close what listens, and the engines.

        Until then probes are still answered, and new work is refused with a sentence.
        """
        loop, limit_s = asyncio.get_running_loop(), self._settings.shutdown_limit_s
        closing_s = min(_LONGEST_CLOSING_S, _CLOSING_SHARE * limit_s) / 2
        services: Services = self._app.state.services
        turns_end_s = loop.time() + limit_s - 2 * closing_s
        if services.connections:
            logger.info("Ending: %d connections, whose turns have up to %g s", len(services.connections), limit_s)
        draining = asyncio.create_task(services.drain(turns_end_s))
        while not draining.done() and loop.time() < turns_end_s + closing_s:
            if self.force_exit:
                # A second Ctrl-C: no turn is waited for. uvicorn would leave out the engines' end too.
                self.force_exit = False
                turns_end_s = loop.time()
                draining.cancel()
                draining = asyncio.create_task(services.drain(turns_end_s))
            await asyncio.wait([draining], timeout=0.1)
        draining.cancel()
        cancel_all()
        self.config.timeout_graceful_shutdown = max(1, round(closing_s))
        await super().shutdown(sockets)


def _allow_descriptors(needed: int) -> None:
    """Let this process have so many, of which most systems allow 1024 to one that does not ask for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed < needed:
        logger.warning("MAX_CONNECTIONS may need %d open files, and the system allows %d (ulimit -Hn)", needed, allowed)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _answer_soon() -> None:
    """Keep the event loop from standing still, once all is loaded.

    The collector looks through everything that is alive about once a second under load, for 80 ms: what the start has
    made stays, and is taken out of its sight. And a thread that computes in Python would keep the loop out for 5 ms.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH_S)


def _end_process() -> None:
    """What was acknowledged is on disk, and worker processes end with their pipe."""
    logger.warning("SHUTDOWN_LIMIT_S is over and something still runs; the process ends all the same")
    logging.shutdown()
    os._exit(1)


def server_config(app: FastAPI, settings: Settings, logging_config: dict[str, Any] | None) -> uvicorn.Config:
    """How uvicorn runs the app; logging_config None leaves logging as it is."""
    return _Config(
        _ClearStart(app),
        lifespan="on",
        proxy_headers=False,
        http=request_protocol(_request_limits(settings)),
        ws=socket_protocol(settings.reader_timeout_s),
        # Twice what is taken: a frame up to this size is read and answered with message_too_large, a larger one is not
        # read at all and ends the connection (close code 1009).
        ws_max_size=2 * settings.max_message_bytes,
        # Speech is compressed already, and base64 of it shrinks by little for much work.
        ws_per_message_deflate=False,
        # A client that has stopped reading answers no ping; it is given up within 1.4 times READER_TIMEOUT_S.
        ws_ping_interval=0.4 * settings.reader_timeout_s,
        ws_ping_timeout=settings.reader_timeout_s,
        log_level=level_for_uvicorn(settings.log_level) if logging_config else None,
        log_config=logging_config,
    )


def _request_limits(settings: Settings) -> RequestLimits:
    return RequestLimits(
        request_timeout_s=settings.request_timeout_s,
        body_timeout_s=settings.body_timeout_s,
        min_body_bytes_per_s=settings.min_body_bytes_per_s,
        reader_timeout_s=settings.reader_timeout_s,
        most=settings.max_connections + _BESIDE_WEBSOCKETS,
        most_per_address=settings.most_per_client + REQUESTS_BESIDE,
    )


class _Config(uvicorn.Config):
    """uvicorn's, with our reading of what proxies say."""

    def load(self) -> None:
        super().load()
        self.loaded_app = ForwardedHeaders(self.loaded_app, self.forwarded_allow_ips)


class _ClearStart:
    """Sends why a start failed: the one sentence of a VoicelabError. Starlette would send a traceback.

    Other exceptions are in the log already.
    """

    def __init__(self, app: FastAPI) -> None:
        self.app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        async def send_plainly(message: MutableMapping[str, Any]) -> None:
            fault: VoicelabError | None = self.app.state.start_fault
            if message["type"] in ("lifespan.startup.failed", "lifespan.shutdown.failed"):
                message = {**message, "message": str(fault or "")}
            await send(message)

        await self.app(scope, receive, send_plainly if scope["type"] == "lifespan" else send)
