"""`python -m server`: serve until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import copy
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import MutableMapping, Sequence
from typing import Any

import uvicorn
from fastapi import FastAPI
from uvicorn.config import LOGGING_CONFIG

from server.app import create_app
from server.settings import Settings
from server.sockets import socket_protocol
from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.engines import Catalog
from voicelab.errors import EngineMissingError, InputError, VoicelabError
from voicelab.tts.catalog import VOICES

logger = logging.getLogger("server")

_CLOSING_LIMIT_S = 5


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve; the exit code is 0 after a stop, 1 when an engine failed to load, 2 for bad settings."""
    # SIGTERM ends the server the way Ctrl-C does, so that it too leaves no worker processes behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _parser().parse_args(arguments)
    ours = ("fd", "end_with_stdin")
    given = {name: value for name, value in vars(options).items() if value is not None and name not in ours}
    if options.end_with_stdin:
        threading.Thread(target=_end_with_stdin, daemon=True).start()
    try:
        settings = Settings.read(**given)
        listener = _inherited(options.fd) if options.fd is not None else _bound(settings.host, settings.port)
        with listener:
            return _serve(settings, listener)
    except InputError as error:
        print(f"voicelab-server: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return 2
    except KeyboardInterrupt:
        return 0


def _end_with_stdin() -> None:
    """Stop when whoever started the server closes its end of the pipe, which it also does when it is killed.

    Read below sys.stdin, whose lock a thread that still waits would hold while the interpreter ends.
    """
    while os.read(0, 1024):
        continue
    os.kill(os.getpid(), signal.SIGTERM)


def _serve(settings: Settings, listener: socket.socket) -> int:
    app = create_app(settings)
    server = Server(server_config(app, settings, log_config(settings.log_level)))
    try:
        server.run(sockets=[listener])
    except SystemExit:
        fault = app.state.start_fault
        if fault is None:
            raise
        return 2 if isinstance(fault, InputError | EngineMissingError) else 1
    return 0


class Server(uvicorn.Server):
    """uvicorn's server, which says where it serves also when it is given its socket."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or []:
            host, port = listener.getsockname()[:2]
            logger.info("Serving on http://%s:%d (Ctrl-C ends it)", f"[{host}]" if ":" in host else host, port)


def server_config(app: FastAPI, settings: Settings, logging_config: dict[str, Any] | None) -> uvicorn.Config:
    """How uvicorn runs the app; logging_config None leaves logging as it is."""
    return uvicorn.Config(
        _ClearStart(app),
        lifespan="on",
        ws=socket_protocol(settings.reader_timeout_s),
        # Twice what is taken: a frame up to this size is read and answered with message_too_large, a larger one is not
        # read at all and ends the connection (close code 1009).
        ws_max_size=2 * settings.max_message_bytes,
        # Speech is compressed already, and base64 of it shrinks by little for much work.
        ws_per_message_deflate=False,
        # A client that has stopped reading answers no ping; it is given up within 1.4 times READER_TIMEOUT_S.
        ws_ping_interval=0.4 * settings.reader_timeout_s,
        ws_ping_timeout=settings.reader_timeout_s,
        timeout_graceful_shutdown=_CLOSING_LIMIT_S,
        log_level=settings.log_level if logging_config else None,
        log_config=logging_config,
    )


class _ClearStart:
    """Tells why a start failed in the one sentence of a VoicelabError, where Starlette sends a traceback."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        async def send_plainly(message: MutableMapping[str, Any]) -> None:
            fault: VoicelabError | None = self._app.state.start_fault
            if message["type"] == "lifespan.startup.failed" and fault is not None:
                message = {**message, "message": str(fault)}
            await send(message)

        await self._app(scope, receive, send_plainly if scope["type"] == "lifespan" else send)


def log_config(level: str) -> dict[str, Any]:
    """uvicorn's, with our own loggers beside its."""
    config = copy.deepcopy(LOGGING_CONFIG)
    ours = "DEBUG" if level == "trace" else level.upper()
    for name in ("server", "voicelab"):
        config["loggers"][name] = {"handlers": ["default"], "level": ours, "propagate": False}
    return config


def _bound(host: str, port: int) -> socket.socket:
    """A socket on host and port, taken before the engines load; it listens only once they are there."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(f"cannot serve on {host}:{port}: {error.strerror}; choose another --port or --host") from error
    return listener


def _inherited(descriptor: int) -> socket.socket:
    """The socket that whoever started us made."""
    try:
        listener = socket.socket(fileno=descriptor)
    except OSError as error:
        raise InputError(f"--fd {descriptor} is no open socket: {error.strerror}") from error
    if listener.type != socket.SOCK_STREAM or listener.family not in (socket.AF_INET, socket.AF_INET6):
        listener.detach()
        raise InputError(f"--fd {descriptor} is no TCP socket")
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Serve the voice pipeline (recognizer, agent, voice) over a WebSocket at /ws/voice/simple.",
        epilog="Each option can also be set by an environment variable of its name (PORT=9000); docs/server.md lists "
        "all of them, CORS_ORIGINS and DATABASE_URL among them. http://HOST:PORT/docs describes the HTTP routes.",
    )
    parser.add_argument("--host", help="the address to serve on; 0.0.0.0 for all (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port; 0 for a free one (default 8000)")
    parser.add_argument("--asr", metavar="ENGINE", help=f"the recognizer: {_known(RECOGNIZERS)} (default pocketsphinx)")
    parser.add_argument("--agent", metavar="ENGINE", help=f"the agent: {_known(AGENTS)} (default rules)")
    parser.add_argument("--tts", metavar="ENGINE", help=f"the voice: {_known(VOICES)} (default espeak)")
    parser.add_argument("--fd", type=int, help="serve on this open socket instead, given by whoever starts the server")
    parser.add_argument(
        "--end-with-stdin", action="store_true", help="stop when standard input ends; for such starters"
    )
    return parser


def _known(catalog: Catalog) -> str:
    return ", ".join(catalog.entries) + "; options as name:option=value"


if __name__ == "__main__":
    sys.exit(main())
