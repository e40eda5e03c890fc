"""Repeat saved conversations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.abuse import fuzz
from tests.abuse.conversations import FuzzConversation
from tests.abuse.faults import faults_in
from tests.abuse.holding import Held, ask, hold
from tests.abuse.rawsocket import ServerGone, Violation
from voicelab.errors import InputError
from voicelab.targets.own_server import own_server


def kept(path: Path) -> FuzzConversation:
    """Read the conversation in a file. Raises InputError if there is none."""
    try:
        return FuzzConversation.of(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: holds no conversation that the fuzz run kept") from error


async def replayed(paths: Sequence[Path], folder: Path) -> list[tuple[Path, str | None]]:
    """Repeat conversations with a new server. folder: for its log and history.

    Returns each path with the violated guarantee, or None.
    """
    conversations = [(path, kept(path)) for path in paths]
    async with own_server(fuzz.SPEC, folder, **fuzz.SETTINGS) as server:
        return await replayed_with(server.address, folder / "server.log", conversations)


async def replayed_with(
    address: str, log: Path, conversations: Sequence[tuple[Path, FuzzConversation]]
) -> list[tuple[Path, str | None]]:
    """Repeat conversations with a running server, whose log is at `log`. Returns what `replayed` returns."""
    outcomes: list[tuple[Path, str | None]] = []
    for path, conversation in conversations:
        faults = faults_in(log)
        broken = await _broken(address, conversation)
        if broken is None and faults_in(log) > faults:
            broken = "the server's log reports a fault"
        outcomes.append((path, broken))
    return outcomes


async def _broken(address: str, conversation: FuzzConversation) -> str | None:
    try:
        await hold(address, conversation, Held())
        await ask(address)
    except (Violation, ServerGone) as error:
        return str(error)
    return None
