"""Run the app with uvicorn: configuration, start and shutdown."""

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

from server.http.forwarded import ForwardedHeaders
from server.http.requests import BESIDE_WEBSOCKETS, request_protocol
from server.logs import level_for_uvicorn
from server.services import Services
from server.settings import Settings
from server.sockets import socket_protocol
from server.token_reload import reload_on_hangup
from voicelab.audio.limits import cancel_all
from voicelab.engines.pool.allocator import give_back_when_empty, keep_little
from voicelab.errors import VoicelabError

logger = logging.getLogger("server")

_CLOSING_SHARE = 0.5
_LONGEST_CLOSING_S = 5.0
"""Seconds of SHUTDOWN_LIMIT_S reserved at most for closing WebSockets, and the rest, after the last turn."""
_SWITCH_S = 0.001
_OTHER_DESCRIPTORS = 100
"""File descriptors for files, the history and the engine processes."""


class Server(uvicorn.Server):
    """uvicorn's server. It also logs the address of an inherited socket, and lets turns finish on shutdown.

    owns_process: the server is alone in this process. It then tunes the process for latency (`_reduce_pauses`) and
    memory (voicelab/engines/pool/allocator.py), and ends it when shutdown takes longer than SHUTDOWN_LIMIT_S.
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
            keep_little()
            _allow_descriptors(2 * self._settings.max_connections + BESIDE_WEBSOCKETS + _OTHER_DESCRIPTORS)
        await super().startup(sockets)
        if self._owns_process:
            _reduce_pauses()
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
        """Close each connection after its turn, then the listening sockets and the engines.

        Meanwhile health probes are answered, and new work is refused with `going_away`.
        """
        loop, limit_s = asyncio.get_running_loop(), self._settings.shutdown_limit_s
        closing_s = min(_LONGEST_CLOSING_S, _CLOSING_SHARE * limit_s) / 2
        services: Services = self._app.state.services
        turns_end_s = loop.time() + limit_s - 2 * closing_s
        if services.connections:
            logger.info(
                "Shutting down: %d connections have %g s to end their turns", len(services.connections), limit_s
            )
        draining = asyncio.create_task(services.drain(turns_end_s))
        while not draining.done() and loop.time() < turns_end_s + closing_s:
            if self.force_exit:
                # A second Ctrl-C: do not wait for turns. With force_exit, uvicorn would not stop the engines either.
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
    """Raise the limit of open files to `needed`; the default of most systems is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = needed if hard == resource.RLIM_INFINITY else min(needed, hard)
    if allowed < needed:
        logger.warning("MAX_CONNECTIONS may need %d open files, and the system allows %d (ulimit -Hn)", needed, allowed)
    if soft != resource.RLIM_INFINITY and soft < allowed:
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _reduce_pauses() -> None:
    """Avoid pauses of the event loop. Call it when everything is loaded.

    Under load the garbage collector runs about once a second and takes 80 ms to visit all objects, so the permanent
    objects of the start are frozen. A shorter switch interval (default 5 ms) limits the time that threads hold the GIL.
    """
    gc.collect()
    gc.freeze()
    sys.setswitchinterval(_SWITCH_S)


def _end_process() -> None:
    """Exit at once. Acknowledged turns are on disk, and worker processes end when their pipe closes."""
    logger.warning("shutdown took longer than SHUTDOWN_LIMIT_S; the process exits now")
    logging.shutdown()
    os._exit(1)


def server_config(app: FastAPI, settings: Settings, logging_config: dict[str, Any] | None) -> uvicorn.Config:
    """Return uvicorn's configuration. logging_config: None leaves logging unchanged."""
    return _Config(
        _ClearStart(app),
        lifespan="on",
        proxy_headers=False,
        http=request_protocol(settings, app.state.loop_share),
        ws=socket_protocol(settings.reader_timeout_s, app.state.loop_share),
        # Twice the accepted size: frames up to this size get the error message_too_large; larger ones are not read and
        # close the connection (close code 1009).
        ws_max_size=2 * settings.max_message_bytes,
        # Speech is already compressed; deflating its base64 costs much CPU and saves little.
        ws_per_message_deflate=False,
        # A client that has stopped reading does not answer pings and is dropped within 1.4 times READER_TIMEOUT_S.
        ws_ping_interval=0.4 * settings.reader_timeout_s,
        ws_ping_timeout=settings.reader_timeout_s,
        log_level=level_for_uvicorn(settings.log_level) if logging_config else None,
        log_config=logging_config,
    )


class _Config(uvicorn.Config):
    """uvicorn's configuration with ForwardedHeaders."""

    def load(self) -> None:
        super().load()
        self.loaded_app = ForwardedHeaders(self.loaded_app, self.forwarded_allow_ips)


class _ClearStart:
    """ASGI middleware that reports a failed start with the message of the VoicelabError instead of a traceback.

    Other exceptions have already been logged.
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
