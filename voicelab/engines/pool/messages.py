"""Messages between a worker's client and its engine."""

import struct
from dataclasses import dataclass
from typing import Any

from voicelab.errors import VoicelabError

LENGTH = struct.Struct(">I")
"""Header of a message to a process: the length of its pickle in bytes."""


@dataclass(frozen=True, slots=True)
class Request:
    """A call of `method` on the engine, or on its stream `stream_id`. call_id is None when no caller waits.

    client: on whose behalf the call is made (see `client_scope`); calls of different clients are served in turn.

    Four methods belong to the worker itself: "load", "open" and "close" for streams, and "withdraw" for a call by its
    id.
    """

    call_id: int | None
    stream_id: int | None
    method: str
    arguments: tuple[Any, ...] = ()
    client: str | None = None

    @property
    def is_awaited(self) -> bool:
        """Whether a caller is blocked on the result; a partial transcript does not count."""
        return self.call_id is not None and self.method != "partial"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one call; with call_id None, only a report of progress.

    busy_s: the engine's processing time in seconds, including the stream's earlier requests. done: number of completed
    requests. longest_s: age in seconds of the oldest request in progress, 0 without one.
    """

    call_id: int | None
    result: Any = None
    error: VoicelabError | None = None
    busy_s: float = 0.0
    done: int = 0
    longest_s: float = 0.0
