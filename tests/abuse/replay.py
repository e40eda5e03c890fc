"""Kept conversations, held again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tests.abuse import fuzz
from tests.abuse.conversations import FuzzConversation
from tests.abuse.faults import faults_in
from tests.abuse.holding import Held, ask, hold
from tests.abuse.rawsocket import ServerGone, Violation
from voicelab.errors import InputError
from voicelab.runs.targets import own_server


def kept(path: Path) -> FuzzConversation:
    """The conversation in a file; InputError when there is none."""
    try:
        return FuzzConversation.of(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(f"{path}: holds no conversation that the fuzz run kept") from error


async def replayed(paths: Sequence[Path], folder: Path) -> list[tuple[Path, str | None]]:
    """What each of them breaks, None when nothing. folder: for the log and the history of a server of its own."""
    conversations = [(path, kept(path)) for path in paths]
    outcomes: list[tuple[Path, str | None]] = []
    async with own_server(fuzz.SPEC, folder, **fuzz.SETTINGS) as server:
        for path, conversation in conversations:
            faults = faults_in(folder / "server.log")
            broken = await _broken(server.address, conversation)
            if broken is None and faults_in(folder / "server.log") > faults:
                broken = "the server's log tells of a fault"
            outcomes.append((path, broken))
    return outcomes


async def _broken(address: str, conversation: FuzzConversation) -> str | None:
    try:
        await hold(address, conversation, Held())
        await ask(address)
    except (Violation, ServerGone) as error:
        return str(error)
    return None
