"""The common interface of both OpenAI APIs: from a conversation to text, tool calls and token counts."""

import math
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from voicelab.agent.tools import Tool


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """A message of the user or of the assistant."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class RequestedCall:
    """A tool call requested by the model. arguments: its JSON text."""

    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class CallRound:
    """Tool calls that the model requested together, the text before them, and their results."""

    text: str
    calls: tuple[RequestedCall, ...]
    results: tuple[str, ...]


Message = ChatMessage | CallRound


@dataclass(frozen=True, slots=True)
class TokenCounts:
    """The usage of one request as reported by the server; None for values that it does not report."""

    prompt: int | None
    completion: int | None
    cost: float | None


ModelEvent = str | RequestedCall | TokenCounts


@dataclass(frozen=True, slots=True)
class ModelRequest:
    """A request. temperature, seed: None uses the server's default. may_call: whether tools may be called."""

    model: str
    prompt: str
    messages: tuple[Message, ...]
    tools: Sequence[Tool]
    temperature: float | None = None
    seed: int | None = None
    may_call: bool = True


ModelApi = Callable[[Any, ModelRequest], AsyncIterator[ModelEvent]]
"""Sends a request with the openai client. Yields text as it is written, then complete tool calls, then the counts.

Raises the client's errors, CutOffError if the reply is incomplete, and ValueError, TypeError or AttributeError if it
does not have the format of the API.
"""


class CutOffError(Exception):
    """The server ended the reply early. Its argument, if any, is the server's reason."""


def described(tool: Tool) -> dict[str, Any]:
    """The fields by which both APIs describe a tool."""
    return {"name": tool.name, "description": tool.description, "parameters": tool.arguments.model_json_schema()}


def token_counts(usage: Any, prompt: str, completion: str) -> TokenCounts:
    """Return the counts in these fields, and the cost, which OpenRouter and LiteLLM add.

    Values that are not numbers from 0 are None.
    """
    cost = _number(getattr(usage, "cost", None), int | float)
    return TokenCounts(
        _number(getattr(usage, prompt, None), int),
        _number(getattr(usage, completion, None), int),
        None if cost is None else float(cost),
    )


def _number(value: Any, kind: Any) -> Any:
    is_number = isinstance(value, kind) and not isinstance(value, bool) and math.isfinite(value) and value >= 0
    return value if is_number else None
