"""Tokens that change while the server runs: SIGHUP reads AUTH_TOKENS_FILE again, in one process and in several."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from contextlib import suppress
from pathlib import Path

from server.tokens import Tokens, read_file

logger = logging.getLogger("server")


def reread(file: Path) -> Tokens | None:
    """The file's tokens; None, with one line in the log, where it cannot be used: those known before stay."""
    try:
        found = read_file(file)
    except ValueError as error:
        logger.error("AUTH_TOKENS_FILE=%s: %s; the tokens known before stay", file, error)
        return None
    logger.info("AUTH_TOKENS_FILE read again: %d tokens", len(found))
    return Tokens(found)


def reload_on_hangup(tokens: Tokens, file: Path) -> None:
    """Read the file again on each SIGHUP, beside the event loop, and once now: it may have changed meanwhile."""
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
    """The tokens that the supervisor wrote to standard input first; it writes a line for each later change."""
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            raise SystemExit(0)  # the supervisor has ended
        line += byte
    return Tokens.of_digests(line.decode())


def follow_supervisor(tokens: Tokens) -> None:
    """Take the supervisor's later lines until it closes the pipe, which it also does when it is killed.

    Standard input is read below sys.stdin, whose lock a waiting thread would hold while the interpreter ends.
    """
    unread = b""
    while data := os.read(0, 65_536):
        *lines, unread = (unread + data).split(b"\n")
        if lines:
            tokens.replace(Tokens.of_digests(lines[-1].decode()))
