"""The protocol of docs/reference/protocol.md, whose messages are the session's events."""

from collections.abc import Sequence

from server.dialects.base import Dialect, Frame, Received
from server.frames import FrameLimits, read
from server.outgoing import ServerEvent


class VoicelabDialect(Dialect):
    """One event per frame, in both directions."""

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits

    def read(self, frame: Frame) -> Received:
        return Received((read(frame, self._limits),))

    def write(self, event: ServerEvent) -> Sequence[Frame]:
        return (event.frame(),)
