"""Records that the history stores and returns."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal
from uuid import uuid4

from voicelab.agent.base import Reply
from voicelab.pipeline.stage_times import StageTimes
from voicelab.pipeline.stopwatch import TimeSpan

INTERRUPTED = "interrupted"
"""The `error` of a turn whose reply was stopped; its agent_response is the part that was heard."""


@dataclass(slots=True)
class TurnRecord:
    """A turn for the history, filled in as it proceeds.

    heard: the transcript or the typed text. began_ns: start, in nanoseconds since 1970 (UTC). turn_id: its id in the
    log and in traces. kept: it is stored or being stored. row_id: its row in the history, once stored. intervals: when
    its stages were working, for traces.
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
    """A session and its number of turns. ended_at: None while a connection is open, or if the server was killed."""

    session_id: str
    user_id: str
    created_at: str
    updated_at: str
    ended_at: str | None
    turn_count: int


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A stored turn. entities, stage_times, tool_calls: JSON, which is not parsed in the threads of the history."""

    number: int
    created_at: str
    kind: str
    transcription: str | None
    agent_response: str | None
    intent: str | None
    entities: str
    stage_times: str
    audio_bytes_in: int
    audio_bytes_out: int
    error: str | None
    tool_calls: str
