"""The interface of dialects, and helpers to read and write JSON frames."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import uuid4

from server.frames import check_size, parse_object
from server.messages import ClientEvent, ErrorCode, Refused
from server.outgoing import ServerEvent

Frame = str | bytes
"""A WebSocket frame, text or binary."""


@dataclass(frozen=True, slots=True)
class Received:
    """The translation of a client's frame.

    events: for the session, in order; a Refused is answered with an error. answers: frames to send immediately.
    """

    events: tuple[ClientEvent | Refused, ...] = ()
    answers: tuple[Frame, ...] = ()


class Dialect(Protocol):
    """Translator of one connection. It may hold state, so each connection has its own instance."""

    def opening(self) -> Sequence[Frame]:
        """Frames to send when the connection is accepted."""
        return ()

    def read(self, frame: Frame) -> Received:
        """Translate a frame from the client. Raises Refused for an invalid frame."""

    def write(self, event: ServerEvent) -> Sequence[Frame]:
        """Translate an event for the client. Returns no frames for events that the protocol does not have."""


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Maximum size of a frame in bytes. json_bytes: of the frame without its audio."""

    message_bytes: int
    json_bytes: int


def read_json(frame: Frame, limits: FrameLimits, sound: str) -> dict[str, Any]:
    """Parse the JSON object in a text frame. Raises Refused if it is invalid or too large.

    sound: name of the field with base64 audio, the only one that may be long.
    """
    if not isinstance(frame, str):
        raise Refused(ErrorCode.BAD_MESSAGE, "expected a text frame with JSON, got a binary frame")
    found = re.search(rf'"{sound}"\s*+:\s*+"(?P<sound>(?:[^"\\]++|\\/)*+)"', frame)
    rest = len(frame) - (len(found["sound"]) if found else 0)
    if rest > limits.json_bytes:
        message = (
            f"the message holds {rest} characters besides its audio; at most {limits.json_bytes} bytes are accepted"
        )
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, f"{message} (MAX_JSON_BYTES)")
    check_size(frame, limits.message_bytes)
    return parse_object(frame)


def write_json(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def new_id(kind: str) -> str:
    """Return a unique id such as `item_3f…`."""
    return f"{kind}_{uuid4().hex[:24]}"
