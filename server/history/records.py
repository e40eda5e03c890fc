"""What goes into the history and comes out of it."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal
from uuid import uuid4

from server.history.tables import SessionRow
from voicelab.agent.base import Reply
from voicelab.pipeline.stopwatch import TimeSpan
from voicelab.pipeline.turn import StageTimes

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
    intervals: Sequence[TimeSpan] = ()


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """A session and how many turns it has."""

    session: SessionRow
    turn_count: int


@dataclass(frozen=True)
class KeptTurn:
    """A turn as it is in the history. Its JSON is parsed when it is first looked at, which may be in another thread."""

    number: int
    created_at: str
    kind: str
    transcription: str | None
    agent_response: str | None
    intent: str | None
    entities_json: str
    stage_times_json: str
    audio_bytes_in: int
    audio_bytes_out: int
    error: str | None
    tool_calls_json: str

    @cached_property
    def entities(self) -> list[dict[str, Any]]:
        """What was named in the turn, each with the fields of voicelab.agent.base.Entity."""
        found: list[dict[str, Any]] = json.loads(self.entities_json)
        return found

    @cached_property
    def tool_calls(self) -> list[dict[str, Any]]:
        """What the agent called, each with the fields of voicelab.agent.base.ToolCall."""
        found: list[dict[str, Any]] = json.loads(self.tool_calls_json)
        return found

    @cached_property
    def stage_times(self) -> dict[str, float | None]:
        """Seconds by stage, as in voicelab.pipeline.turn.StageTimes."""
        found: dict[str, float | None] = json.loads(self.stage_times_json)
        return found
