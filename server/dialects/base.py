"""The interface of dialects, and helpers to create events and frames."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar
from uuid import uuid4

from pydantic import BaseModel, ValidationError

from server.messages import ClientEvent, ErrorCode, Refused
from server.outgoing import ServerEvent

Frame = str | bytes
"""A WebSocket frame, text or binary."""
_Event = TypeVar("_Event", bound=BaseModel)


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


def created(kind: type[_Event], refusal: str, **fields: Any) -> _Event:
    """Create an event from the fields of a message. Raises Refused with this message if one of them is invalid."""
    try:
        return kind(**fields)
    except ValidationError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, refusal) from error


def write_json(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False)


def new_id(kind: str) -> str:
    """Return a unique id such as `item_3f…`."""
    return f"{kind}_{uuid4().hex[:24]}"
