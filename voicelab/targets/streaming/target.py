"""Base of targets with one connection per conversation."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from voicelab.errors import InputError
from voicelab.targets.base import Session, TargetBase, TargetSettings
from voicelab.targets.streaming.session import StreamSession
from voicelab.targets.streaming.transport import Transport
from voicelab.targets.streaming.turn import TurnLimits
from voicelab.targets.streaming.wire import Wire

_logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False, kw_only=True)
class StreamTarget(TargetBase):
    """Holds conversations with the wire and the transport of a protocol, which are created for each conversation.

    ready_s: maximum time until the target is ready. greeting_s: how long to wait for the target to speak first; 0 if it
    does not. quiet_s: a reply without an end message ends after this much silence. Raises InputError for a time in
    seconds that is negative or not a number.
    """

    unpaced = False

    ready_s: float = 10.0
    greeting_s: float = 0.0
    quiet_s: float = 1.5

    def __post_init__(self) -> None:
        for name in ("ready_s", "greeting_s", "quiet_s"):
            if not 0 <= getattr(self, name) <= 600:
                raise InputError(f"{name} must be from 0 to 600 seconds, not {getattr(self, name):g}")
        self._timeout_s = 30.0

    def wire(self, user_id: str) -> Wire:
        """Return the wire of a new conversation."""
        raise NotImplementedError

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        """Open a connection. Raises the same errors as `WebSocket.connect`."""
        raise NotImplementedError

    async def open(self, settings: TargetSettings) -> None:
        self._timeout_s = settings.timeout_s

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        name = session_id or user_id
        if heard_before:
            _logger.warning(
                "conversation %s starts again: this target cannot resume it and does not know the previous %d turns",
                name,
                len(heard_before),
            )
        wire = self.wire(user_id)
        transport = await self.connect(wire, min(self.ready_s, self._timeout_s))
        limits = TurnLimits(timeout_s=self._timeout_s, quiet_s=self.quiet_s)
        session = StreamSession(wire, transport, limits, session_id=name, signals=self.capabilities)
        try:
            await session.begin(ready_s=self.ready_s, greeting_s=self.greeting_s)
            yield session
        finally:
            await session.close()
