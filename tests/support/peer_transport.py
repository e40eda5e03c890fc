"""A peer in this process: a transport whose other end is a script, so that a conversation needs no socket."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.support.known_answers.call import ANSWER, HEARD, AgentWire
from tests.support.tones import tone
from voicelab.audio.clip import Clip
from voicelab.targets.streaming.events import Frame


class PeerTransport:
    """The caller's end of a connection to a scripted agent. wire: the agent's side of the protocol, for valid messages.
    `heard` is set when the caller's audio arrives. The agent answers the handshake; call `put` for all other messages.
    """

    def __init__(self, wire: AgentWire) -> None:
        self.wire = wire
        self.heard = asyncio.Event()
        self._frames: asyncio.Queue[Frame | Exception] = asyncio.Queue()
        self.put(*wire.hello())

    def put(self, *frames: Frame | Exception) -> None:
        """Messages from the agent, or the error that ends the connection."""
        for frame in frames:
            self._frames.put_nowait(frame)

    def answer(self, sound: Clip | None = None) -> None:
        """A valid reply."""
        said = tone(0.1, self.wire.rate_hz) if sound is None else sound
        self.put(*self.wire.texts(HEARD, ANSWER), *self.wire.pieces([said]), *self.wire.end())

    async def send(self, frame: Frame) -> None:
        incoming = self.wire.read(frame)
        self.put(*incoming.answers)
        if incoming.clip is not None:
            self.heard.set()

    async def receive(self) -> Frame:
        frame = await self._frames.get()
        if isinstance(frame, Exception):
            self.put(frame)  # the connection stays closed
            raise frame
        return frame

    async def close(self) -> None:
        """Do nothing."""


Script = Callable[[PeerTransport], Coroutine[Any, Any, None]]
"""The behaviour of an agent after the caller's audio."""
