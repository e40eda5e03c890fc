"""Records of an agent's tool calls, watchlist changes and usage in a turn."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field


class _AgentRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ToolCallMade(_AgentRecord):
    """A tool call of the agent: see voicelab.agent.base.ToolCall."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
    result: str = ""
    took_s: float = 0.0
    error: str | None = None


class ChangeMade(_AgentRecord):
    """A change to the watchlist that the reply promises: see voicelab.agent.base.WatchlistChange."""

    operation: Literal["add", "remove"]
    ticker: str


class AgentUsage(_AgentRecord):
    """A language model's usage for the reply: see voicelab.agent.base.Usage."""

    requests: int = 1
    first_token_s: float | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cost: float | None = None


class ExpectedToolCall(_AgentRecord):
    """A tool call that a sample expects: the tool's name, and the relevant arguments."""

    name: str
    arguments: dict[str, Any] = Field(default_factory=dict)
