"""What goes into the history and comes out of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from server.history.tables import SessionRow
from voicelab.agent.base import Reply
from voicelab.stages import Interval
from voicelab.turn import StageTimes

INTERRUPTED = "interrupted"
"""The `error` of a turn whose reply was stopped; its agent_response is what was heard of it."""


@dataclass(slots=True)
class TurnRecord:
    """What is kept of a turn, filled in as it goes on. began_ns: when it began, in nanoseconds since 1970 (UTC).

    intervals: when its stages were at work, which is for traces only.
    turn_id names the turn in the log and in traces. kept: it is in the history, or on its way there. row_id: where in
    the history, once it is there.
    """

    kind: Literal["spoken", "typed"]
    heard: str | None = None
    reply: Reply | None = None
    times: StageTimes = field(default_factory=StageTimes)
    audio_bytes_in: int = 0
    audio_bytes_out: int = 0
    error: str | None = None
    began_ns: int = field(default_factory=time.time_ns)
    turn_id: str = field(default_factory=lambda: str(uuid4()))
    kept: bool = False
    row_id: int | None = None
    intervals: Sequence[Interval] = ()


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session and how many turns it has."""

    session: SessionRow
    turn_count: int
