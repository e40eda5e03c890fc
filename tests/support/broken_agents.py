"""Six agents that cannot be measured, each with a fault at a different step."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from voicelab.targets.echo_agent import EchoAgent


class _Hangs(EchoAgent):
    """Accepts the socket and never answers init."""

    async def _turns(self, connection: Any) -> None:
        await connection.wait_closed()


class _Closes(EchoAgent):
    """Closes the connection in the middle of the reply."""

    async def reply(self, connection: Any, turn: Any) -> None:
        await connection.send("transcription", {"text": "hello"})
        await connection.close()


class _Garbage(EchoAgent):
    """Answers init with an invalid message."""

    async def _turns(self, connection: Any) -> None:
        await connection.receive()
        await connection._socket.send("\x00 what?")
        await connection.wait_closed()


class _Mute(EchoAgent):
    """Accepts the audio and never answers."""

    async def reply(self, connection: Any, turn: Any) -> None:
        await connection.wait_closed()


class _Refuses(EchoAgent):
    """Answers the turn with an error."""

    async def reply(self, connection: Any, turn: Any) -> None:
        await connection.send("error", {"code": "engine_failed", "message": "The recognizer broke."})


@asynccontextmanager
async def _nobody() -> AsyncIterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


BROKEN = {
    "nobody": (_nobody, "connected"),
    "hangs": (_Hangs().serving, "ready"),
    "garbage": (_Garbage().serving, "ready"),
    "closes": (_Closes().serving, "sound accepted"),
    "mute": (_Mute().serving, "sound accepted"),
    "refuses": (_Refuses().serving, "sound accepted"),
}
"""Each agent with the failing step of the probe."""
