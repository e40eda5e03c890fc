"""What a dialect is, and what its frames have in common."""

from __future__ import annotations

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
"""A WebSocket frame: text or binary."""


@dataclass(frozen=True, slots=True)
class Received:
    """What a frame from the client means.

    events: for the session, in order; a Refused is answered with an error. answers: frames to send at once.
    """

    events: tuple[ClientEvent | Refused, ...] = ()
    answers: tuple[Frame, ...] = ()


class Dialect(Protocol):
    """Translates one connection. It keeps the state of the translation, so each connection has its own."""

    def opening(self) -> Sequence[Frame]:
        """Frames to send when the connection is accepted."""

    def read(self, frame: Frame) -> Received:
        """Translate a frame from the client; Refused says what is wrong with it."""

    def write(self, event: ServerEvent) -> Sequence[Frame]:
        """Translate an event for the client; no frames when the dialect has no word for it."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a frame may be. json_bytes: without its sound."""

    message_bytes: int
    json_bytes: int


def read_json(frame: Frame, limits: Limits, sound: str) -> dict[str, Any]:
    """The JSON object in a text frame; Refused when there is none, or when it is too large.

    sound: the name of the one field that may be long, because it carries base64.
    """
    if not isinstance(frame, str):
        raise Refused(ErrorCode.BAD_MESSAGE, "expected a text frame with JSON in it; a binary frame came")
    found = re.search(rf'"{sound}"\s*+:\s*+"(?P<sound>(?:[^"\\]++|\\/)*+)"', frame)
    rest = len(frame) - (len(found["sound"]) if found else 0)
    if rest > limits.json_bytes:
        message = (
            f"the message holds {rest} characters besides its sound; at most {limits.json_bytes} bytes are accepted"
        )
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, f"{message} (MAX_JSON_BYTES)")
    check_size(frame, limits.message_bytes)
    return parse_object(frame)


def write_json(message: dict[str, Any]) -> str:
    """A message as a text frame."""
    return json.dumps(message, ensure_ascii=False)


def new_id(kind: str) -> str:
    """An id such as `item_3f…`, unique."""
    return f"{kind}_{uuid4().hex[:24]}"
