"""Reload AUTH_TOKENS_FILE on SIGHUP, with one process or several."""

import asyncio
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

from server.tokens import Tokens, read_file

logger = logging.getLogger("server")


def reread(file: Path) -> Tokens | None:
    """Read the tokens again. If the file is invalid, log an error and return None; the old tokens remain valid."""
    try:
        found = read_file(file)
    except ValueError as error:
        logger.error("AUTH_TOKENS_FILE=%s: %s; the previous tokens remain valid", file, error)
        return None
    logger.info("AUTH_TOKENS_FILE reloaded: %d tokens", len(found))
    return Tokens(found)


def reload_on_hangup(tokens: Tokens, file: Path) -> None:
    """Reload the file now, because it may have changed during the start, and in a thread on each SIGHUP."""
    loop = asyncio.get_running_loop()
    with suppress(ValueError):
        tokens.replace(Tokens(read_file(file)))

    async def reload() -> None:
        found = await asyncio.to_thread(reread, file)
        if found is not None:
            tokens.replace(found)

    pending: set[asyncio.Task[None]] = set()

    def begin() -> None:
        task = loop.create_task(reload())
        pending.add(task)
        task.add_done_callback(pending.discard)

    loop.add_signal_handler(signal.SIGHUP, begin)


def tokens_from_supervisor() -> Tokens:
    """Read the first line of tokens from standard input; the supervisor writes another line after each change."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit(0)  # the supervisor has ended
        line += byte
    return Tokens.of_digests(line.decode())


def follow_supervisor(tokens: Tokens) -> None:
    """Apply the supervisor's later lines until the pipe closes. The system closes it if the supervisor is killed.

    Reads the descriptor and not sys.stdin: a thread that waits in sys.stdin holds its lock during interpreter exit.
    """
    unread = b""
    while data := os.read(0, 65_536):
        *lines, unread = (unread + data).split(b"\n")
        if lines:
            tokens.replace(Tokens.of_digests(lines[-1].decode()))
