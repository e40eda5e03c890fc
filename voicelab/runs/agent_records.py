"""Records of an agent's tool calls, watchlist changes and usage in a turn."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from voicelab.runs.record_file import Record


class ToolCallMade(Record):
    """A tool call of the agent: see voicelab.agent.base.ToolCall."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: str = ""
    took_s: float = 0.0
    error: str | None = None


class ChangeMade(Record):
    """A change to the watchlist that the reply promises: see voicelab.agent.base.WatchlistChange."""

    operation: Literal["add", "remove"]
    ticker: str


class AgentUsage(Record):
    """A language model's usage for the reply: see voicelab.agent.base.Usage."""

    requests: int = 1
    first_token_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


class ExpectedToolCall(Record):
    """A tool call that a sample expects: the tool's name, and the relevant arguments."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
