"""What both of OpenAI's interfaces share: a conversation goes in, text, tool calls and token counts come out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from voicelab.agent.tools import Tool

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Said:
    """A message of the user or of the assistant."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class RequestedCall:
    """A tool call that the model asks for; arguments: JSON as it wrote it."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallRound:
    """What the model asked for at once, with the text that it wrote before, and the result of each call."""

    text: str
    calls: tuple[RequestedCall, ...]
    results: tuple[str, ...]


Message = Said | CallRound


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """What the server says that one request took; None where it does not."""

    prompt: int | None
    completion: int | None
    cost: float | None


ModelEvent = str | RequestedCall | TokenCounts


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """One request. temperature, seed: None leaves them to the server. may_call: whether tools may be called."""

    model: str
    prompt: str
    messages: tuple[Message, ...]
    tools: Sequence[Tool]
    temperature: float | None = None
    seed: int | None = None
    may_call: bool = True


class ModelApi(Protocol):
    """One of the interfaces."""

    def stream(self, client: Any, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        """Text as it is written, then whole calls, then the counts. Raises what the openai client raises.

        CutOffError where the stream ends before the reply does.
        """


class CutOffError(Exception):
    """The server ended the stream in the middle of a reply."""


def cost_of(usage: Any) -> float | None:
    """The cost that OpenRouter and LiteLLM add to the token counts."""
    cost = getattr(usage, "cost", None)
    return float(cost) if isinstance(cost, int | float) else None
