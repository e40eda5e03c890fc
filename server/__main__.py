"""`python -m server`: serve until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse
import logging
import logging.config
import os
import signal
import socket
import sys
import threading
from collections.abc import Sequence
from typing import Any

from server.app import create_app
from server.logs import log_config
from server.running import Server, server_config
from server.settings import Settings
from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.engines import Catalog
from voicelab.errors import EngineMissingError, InputError
from voicelab.tts.catalog import VOICES


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
            if settings.workers > 1:
                return _supervise(settings, listener, given)
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
    server = Server(server_config(app, settings, _log_config(settings)), owns_process=True)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        fault = app.state.start_fault
        return 2 if isinstance(fault, InputError | EngineMissingError) else 1
    return 0


def _supervise(settings: Settings, listener: socket.socket, given: dict[str, Any]) -> int:
    from server.supervisor import Supervisor

    logging.config.dictConfig(_log_config(settings))
    # What stands in the environment the workers read themselves; the socket is there already.
    passed_on = {name: value for name, value in given.items() if name not in ("port", "workers")}
    options = [part for name, value in passed_on.items() for part in (f"--{name}", str(value))]
    return Supervisor(settings, listener, options).run()


def _log_config(settings: Settings) -> dict[str, Any]:
    return log_config(settings.log_level, settings.log_format, transcripts=settings.log_transcripts)


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
        "all of them, CORS_ORIGINS, DATABASE_URL and AUTH_TOKENS among them. http://HOST:PORT/docs describes the HTTP "
        "routes.",
    )
    parser.add_argument("--host", help="the address to serve on; 0.0.0.0 for all (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port; 0 for a free one (default 8000)")
    parser.add_argument("--asr", metavar="ENGINE", help=f"the recognizer: {_known(RECOGNIZERS)} (default pocketsphinx)")
    parser.add_argument("--agent", metavar="ENGINE", help=f"the agent: {_known(AGENTS)} (default rules)")
    parser.add_argument("--tts", metavar="ENGINE", help=f"the voice: {_known(VOICES)} (default espeak)")
    parser.add_argument("--workers", type=int, help="how many server processes share the socket (default 1)")
    parser.add_argument("--fd", type=int, help="serve on this open socket instead, given by whoever starts the server")
    parser.add_argument(
        "--end-with-stdin", action="store_true", help="stop when standard input ends; for such starters"
    )
    return parser


def _known(catalog: Catalog) -> str:
    return ", ".join(catalog.entries) + "; options as name:option=value"


if __name__ == "__main__":
    sys.exit(main())
