"""A target that is reached over one connection per conversation."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Timing:
    """What a target's options say about time, in seconds.

    ready_s: longest wait until the target is ready. greeting_s: how long to wait for the target to speak first; 0 if it
    does not. quiet_s: a reply without an end message ends after this much silence.

    Raises InputError for a time that is negative or no number.
    """

    ready_s: float = 10.0
    greeting_s: float = 0.0
    quiet_s: float = 1.5

    def __post_init__(self) -> None:
        for name in ("ready_s", "greeting_s", "quiet_s"):
            if not 0 <= getattr(self, name) <= 600:
                raise InputError(f"{name} takes seconds from 0 to 600, not {getattr(self, name):g}")


class StreamTarget(TargetBase):
    """Holds conversations with the wire and the transport that a protocol gives. Both are new for each conversation."""

    unpaced = False

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._timeout_s = 30.0

    def wire(self, user_id: str) -> Wire:
        """The messages of a new conversation."""
        raise NotImplementedError

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        """A connection for it. Raises as `WebSocket.connect`."""
        raise NotImplementedError

    async def open(self, settings: TargetSettings) -> None:
        self._timeout_s = settings.timeout_s

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        if heard_before:
            _logger.warning(
                "conversation %s begins anew: this target cannot continue one, so it does not know the %d turns before",
                session_id or user_id,
                len(heard_before),
            )
        wire = self.wire(user_id)
        transport = await self.connect(wire, min(self._timing.ready_s, self._timeout_s))
        limits = TurnLimits(timeout_s=self._timeout_s, quiet_s=self._timing.quiet_s)
        session = StreamSession(
            wire,
            transport,
            limits,
            session_id=session_id or user_id,
            signals=self.capabilities,
        )
        try:
            await session.begin(ready_s=self._timing.ready_s, greeting_s=self._timing.greeting_s)
            yield session
        finally:
            await session.close()
