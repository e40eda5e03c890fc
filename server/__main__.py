"""`python -m server`: serve until Ctrl-C or SIGTERM."""

import argparse
import gc
import logging
import logging.config
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from server.clients import address_of
from server.logs import log_config
from server.settings import Settings
from server.token_reload import follow_supervisor, tokens_from_supervisor
from server.tokens import Tokens
from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import DEFAULT_RECOGNIZER, RECOGNIZERS
from voicelab.engines.spec import Catalog
from voicelab.errors import EngineMissingError, InputError
from voicelab.tts.catalog import VOICES

logger = logging.getLogger("server")

_OWNER_ONLY = 0o077
"""umask for the server's files (history, recordings, metrics): no access for other users of the machine."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the server. Returns 0 after a stop, 1 when an engine failed to load, 2 for bad settings."""
    # Handle SIGTERM like Ctrl-C, so that both stop the worker processes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    os.umask(_OWNER_ONLY)
    options = _parser().parse_args(arguments)
    not_settings = ("fd", "end_with_stdin", "worker")
    given = {name: value for name, value in vars(options).items() if value is not None and name not in not_settings}
    try:
        tokens = _from_starter(options)
        settings = Settings.read(**given)
        if options.worker or settings.auth_tokens_file is not None:
            # SIGHUP reloads the tokens. Its default action would kill a process that has not installed its handler yet.
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
        listener = _inherited(options.fd) if options.fd is not None else _bound(settings.host, settings.port)
        with listener:
            if settings.workers > 1:
                return _supervise(settings, listener, given)
            return _serve(settings, listener, tokens)
    except InputError as error:
        print(f"voicelab-server: {error}", file=sys.stderr)  # noqa: T201 - logging is not set up yet
        return 2
    except KeyboardInterrupt:
        return 0


def _from_starter(options: argparse.Namespace) -> Tokens | None:
    """Watch the parent process in a thread. Returns the tokens when the parent is a supervisor, else None."""
    tokens = tokens_from_supervisor() if options.worker else None
    if tokens is not None or options.end_with_stdin:
        listen = _wait_for_end_of_stdin if tokens is None else partial(follow_supervisor, tokens)
        threading.Thread(target=_end_after, args=(listen,), daemon=True).start()
    return tokens


def _wait_for_end_of_stdin() -> None:
    """Return when the parent process closes the pipe. The system closes it if the parent is killed.

    Reads the descriptor and not sys.stdin: a thread that waits in sys.stdin holds its lock during interpreter exit.
    """
    while os.read(0, 1024):
        continue


def _end_after(listen: Callable[[], None]) -> None:
    listen()
    os.kill(os.getpid(), signal.SIGTERM)


def _serve(settings: Settings, listener: socket.socket, tokens: Tokens | None) -> int:
    # Imported here, because --help, bad settings and the supervisor need neither the app nor the engines. Nothing that
    # an import creates is freed, and collections during these imports take a fifth of their time.
    gc.disable()
    try:
        from server.app import create_app
        from server.running import Server, server_config
    finally:
        gc.enable()
    app = create_app(settings, tokens)
    server = Server(server_config(app, settings, _log_config(settings)), owns_process=True)
    if tokens is None:
        _warn_if_open(listener, app.state.tokens)
    try:
        server.run(sockets=[listener])
    except SystemExit:
        fault = app.state.start_fault
        return 2 if isinstance(fault, InputError | EngineMissingError) else 1
    return 0


def _supervise(settings: Settings, listener: socket.socket, given: dict[str, Any]) -> int:
    from server.supervisor import Supervisor

    logging.config.dictConfig(_log_config(settings))
    tokens = settings.tokens
    _warn_if_open(listener, tokens)
    # Workers inherit the environment and the socket; only the command-line options have to be passed on.
    passed_on = {name: value for name, value in given.items() if name not in ("port", "workers")}
    return Supervisor(settings, listener, tokens, {name.upper(): str(value) for name, value in passed_on.items()}).run()


def _warn_if_open(listener: socket.socket, tokens: Tokens) -> None:
    host = listener.getsockname()[0]
    if not tokens and not _is_loopback(host):
        logger.warning(
            "Serving on %s without tokens: anyone who can reach this address can use the server and read all sessions; "
            "set AUTH_TOKENS or AUTH_TOKENS_FILE, or serve on 127.0.0.1",
            host,
        )


def _is_loopback(host: str) -> bool:
    address = address_of(host)
    return address is not None and address.is_loopback


def _log_config(settings: Settings) -> dict[str, Any]:
    return log_config(settings.log_level, settings.log_format, transcripts=settings.log_transcripts)


def _bound(host: str, port: int) -> socket.socket:
    """Bind a socket before the engines load, so that a taken port fails early. uvicorn listens on it later."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise InputError(f"cannot serve on {host}:{port}: {error.strerror}; choose another --port or --host") from error
    return listener


def _inherited(descriptor: int) -> socket.socket:
    """Return the socket that the parent process opened."""
    try:
        listener = socket.socket(fileno=descriptor)
    except OSError as error:
        raise InputError(f"--fd {descriptor} is not an open socket: {error.strerror}") from error
    if listener.type != socket.SOCK_STREAM or listener.family not in (socket.AF_INET, socket.AF_INET6):
        listener.detach()
        raise InputError(f"--fd {descriptor} is not a TCP socket")
    return listener


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m server",
        description="Serve the voice pipeline (recognizer, agent, voice) over a WebSocket at /ws/voice/simple.",
        epilog="Every option can also be set by an environment variable of the same name (PORT=9000). "
        "docs/reference/server.md lists all settings, including CORS_ORIGINS, DATABASE_URL and AUTH_TOKENS. "
        "http://HOST:PORT/docs describes the HTTP routes.",
    )
    parser.add_argument("--host", help="address to serve on; 0.0.0.0 for all interfaces (default 127.0.0.1)")
    parser.add_argument("--port", type=int, help="port; 0 picks a free one (default 8000)")
    parser.add_argument(
        "--asr", metavar="ENGINE", help=f"the recognizer: {_known(RECOGNIZERS)} (default {DEFAULT_RECOGNIZER})"
    )
    parser.add_argument("--agent", metavar="ENGINE", help=f"the agent: {_known(AGENTS)} (default rules)")
    parser.add_argument(
        "--tts",
        metavar="ENGINE",
        help=f"the voice: {_known(VOICES)} (default piper)",
    )
    parser.add_argument("--workers", type=int, help="number of server processes that share the socket (default 1)")
    parser.add_argument("--fd", type=int, help="serve on this open socket, inherited from the parent process")
    parser.add_argument(
        "--end-with-stdin", action="store_true", help="stop when standard input closes; use it with --fd"
    )
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)  # for the supervisor
    return parser


def _known(catalog: Catalog) -> str:
    return ", ".join(catalog.entries) + "; set options with name:option=value"


if __name__ == "__main__":
    sys.exit(main())
