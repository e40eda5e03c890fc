"""What a worker asks of its worker, and what it hears back."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

from voicelab.errors import VoicelabError

LENGTH = struct.Struct(">I")
"""What goes before each of them on its way to a process: how many bytes its pickle has."""


@dataclass(frozen=True, slots=True)
class Request:
    """Call `method` on the engine, or on its stream `stream_id`. With call_id None nobody waits for the result.

    Three methods are the worker's own: "load", "open" and "close" of a stream, and "withdraw" of a call by its id.
    """

    call_id: int | None
    stream_id: int | None
    method: str
    arguments: tuple[Any, ...] = ()

    @property
    def is_awaited(self) -> bool:
        """Whether somebody can do nothing before it is done; what was heard so far is only nice to know."""
        return self.call_id is not None and self.method != "partial"


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to one call; call_id None only says that the worker got on.

    busy_s: the engine's own time for it, with all that a stream was fed before. done: how many requests are done with.
    longest_s: for how long the worker has been at the oldest of those that it is still in the middle of, 0 with none.
    """

    call_id: int | None
    result: Any = None
    error: VoicelabError | None = None
    busy_s: float = 0.0
    done: int = 0
    longest_s: float = 0.0
