"""Recorded replies of an agent: agent.jsonl of a run, one line per answered turn, for the agent `replay`."""

from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from voicelab.agent.base import Agent, Dialogue, Entity, Reply, ToolCall, Usage, WatchlistChange, whole
from voicelab.engines.spec import EngineInfo
from voicelab.errors import InputError

FILE_NAME = "agent.jsonl"
CONTEXT_TURNS = 3
"""Number of previous turns that distinguish turns with the same words."""


class RecordedTurn(BaseModel):
    """A line. before: the user's words in the last CONTEXT_TURNS answered turns of the session.

    first_s, text_s: seconds until the first sentence and until the complete text; None if unknown.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    format_version: Literal[1] = 1
    heard: str
    before: tuple[str, ...] = ()
    text: str
    intent: str
    entities: tuple[Entity, ...] = ()
    changes: tuple[WatchlistChange, ...] = ()
    candidates: tuple[Entity, ...] = ()
    tool_calls: tuple[ToolCall, ...] = ()
    usage: Usage | None = None
    first_s: float | None = None
    text_s: float | None = None

    @classmethod
    def of(cls, reply: Reply, heard: str, before: tuple[str, ...]) -> Self:
        """A reply as it is kept."""
        return cls(heard=heard, before=before, **{one.name: getattr(reply, one.name) for one in fields(Reply)})

    @property
    def reply(self) -> Reply:
        return Reply(**{one.name: getattr(self, one.name) for one in fields(Reply)})

    @property
    def key(self) -> tuple[str, ...]:
        return key(self.heard, self.before)


class RecordingAgent:
    """Wraps an agent and records its replies. keep: called with each record."""

    def __init__(self, agent: Agent, keep: Callable[[RecordedTurn], None]) -> None:
        self._agent = agent
        self._keep = keep

    def load(self) -> EngineInfo:
        return self._agent.load()

    def respond(self, heard: str, dialogue: Dialogue) -> Reply:
        reply = whole(self._agent.respond(heard, dialogue))
        before = tuple(exchange.heard for exchange in dialogue.exchanges[-CONTEXT_TURNS:])
        self._keep(RecordedTurn.of(reply, heard, before))
        return reply


def key(heard: str, before: Sequence[str]) -> tuple[str, ...]:
    """Return the lookup key of a turn: its words and those of the previous turns."""
    return (*before[-CONTEXT_TURNS:], heard)


def read(path: Path) -> list[RecordedTurn]:
    """Read the turns of a recording or a run's folder. Ignores an incomplete last line.

    Raises InputError that names the file and the line.
    """
    file = path / FILE_NAME if path.is_dir() else path
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}; give an agent.jsonl or a run's folder") from error
    lines = data[: data.rfind(b"\n") + 1].splitlines()
    turns = []
    for number, line in enumerate(lines, start=1):
        try:
            turns.append(RecordedTurn.model_validate_json(line))
        except (ValidationError, TypeError) as error:
            what = error.errors()[0]["msg"] if isinstance(error, ValidationError) else error
            raise InputError(f"{file}: line {number}: not a recorded turn: {what}") from error
    if not turns:
        raise InputError(f"{file}: contains no recorded turns")
    return turns
