"""The protocol of docs/reference/protocol.md, whose messages are the session's events."""

from collections.abc import Sequence

from server.dialects.base import Dialect, Frame, FrameLimits, Received
from server.frames import read
from server.messages import ErrorCode, Refused
from server.outgoing import ServerEvent


class VoicelabDialect(Dialect):
    """One event per frame, in both directions."""

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits

    def read(self, frame: Frame) -> Received:
        if not isinstance(frame, str):
            raise Refused(ErrorCode.BAD_MESSAGE, "expected a text frame with JSON, got a binary frame")
        event = read(frame, most_bytes=self._limits.message_bytes, most_json_bytes=self._limits.json_bytes)
        return Received((event,))

    def write(self, event: ServerEvent) -> Sequence[Frame]:
        return (event.frame(),)
