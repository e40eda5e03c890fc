"""One turn with a language model: stream its text and run its tool calls until it is done."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Any

import httpx

from voicelab.agent.base import Dialogue, Reply, ReplyPart, Usage
from voicelab.agent.openai.model_api import (
    CallRound,
    ChatMessage,
    CutOffError,
    Message,
    ModelApi,
    ModelRequest,
    RequestedCall,
    TokenCounts,
)
from voicelab.agent.tool_session import ToolSession
from voicelab.agent.tools import Toolbox
from voicelab.engines.openai_client import last_status, translated_errors
from voicelab.errors import EngineError

_ROUNDS = 5
"""Maximum number of requests per turn in which the model may call tools; the next one must be text."""


@dataclass(frozen=True, slots=True)
class ModelServer:
    """The server. timeout_s: maximum duration of a request, including its reply."""

    client: Any
    api: ModelApi
    base_url: str
    timeout_s: float


class TurnWithModel:
    """A turn. Iterate `parts` once; the last one is the Reply. request: a template without messages."""

    def __init__(self, server: ModelServer, request: ModelRequest, toolbox: Toolbox, tool_timeout_s: float) -> None:
        self._server = server
        self._request = request
        self._toolbox = toolbox
        self._tool_timeout_s = tool_timeout_s
        self._text = ""
        self._usage = Usage(requests=0)

    async def parts(
        self, heard: str, dialogue: Dialogue, wanted: asyncio.Event | None
    ) -> AsyncIterator[ReplyPart | Reply]:
        """Yield the parts of the reply to these words. wanted: see ToolSession. Raises EngineError."""
        self._begun_s = perf_counter()
        session = ToolSession(self._toolbox, heard, dialogue, self._tool_timeout_s, wanted)
        messages = _messages(heard, dialogue)
        made = []
        for number in range(_ROUNDS + 1):
            calls: list[RequestedCall] = []
            before = len(self._text)
            request = replace(self._request, messages=tuple(messages), may_call=number < _ROUNDS)
            async for event in self._events(request):
                if isinstance(event, str):
                    yield self._written(event)
                else:
                    calls.append(event)
            if not calls or not request.may_call:
                break
            results, promised = [], len(session.changes)
            async for call in session.run_all([(call.name, call.arguments) for call in calls]):
                made.append(call)
                results.append(call.result)
                yield call
            for change in session.changes[promised:]:
                yield change
            messages.append(CallRound(self._text[before:], tuple(calls), tuple(results)))
            for sentence in session.apologies:
                yield self._written(f"{self._gap()}{sentence} ")
            session.apologies.clear()
            if gap := self._gap():
                yield self._written(gap)
        yield Reply(
            self._text,
            session.intent or self._toolbox.no_tool_intent,
            tuple(session.entities),
            tuple(session.changes),
            tool_calls=tuple(made),
            usage=self._usage,
        )

    def _written(self, text: str) -> str:
        self._text += text
        return text

    def _gap(self) -> str:
        """Return the separator before the text of another round."""
        return " " if self._text and not self._text[-1].isspace() else ""

    async def _events(self, request: ModelRequest) -> AsyncIterator[str | RequestedCall]:
        server = self._server
        last_status.set(None)
        self._usage = replace(self._usage, requests=self._usage.requests + 1)
        try:
            with translated_errors(server.base_url):
                async with asyncio.timeout(server.timeout_s):
                    async for event in server.api(server.client, request):
                        if isinstance(event, TokenCounts):
                            self._count(event)
                            continue
                        if self._usage.first_token_s is None:
                            self._usage = replace(self._usage, first_token_s=perf_counter() - self._begun_s)
                        yield event
        except TimeoutError:
            status = last_status.get()
            reason = f"did not finish its reply within {server.timeout_s:g} s; raise timeout_s"
            if status is not None and status >= 400:
                reason = f"answered {status} and asked for a pause beyond timeout_s={server.timeout_s:g}"
            raise EngineError("openai", f"{server.base_url} {reason}") from None
        except CutOffError as error:
            why = f" ({error})" if error.args else ""
            raise EngineError("openai", f"{server.base_url} ended its reply early{why}") from None
        except (ValueError, TypeError, AttributeError) as error:
            raise EngineError("openai", f"{server.base_url} sent a reply that cannot be read: {error}") from error
        except httpx.HTTPError as error:
            raise EngineError("openai", f"{server.base_url} aborted its reply: {error}") from error

    def _count(self, counts: TokenCounts) -> None:
        self._usage = replace(
            self._usage,
            prompt_tokens=_sum(self._usage.prompt_tokens, counts.prompt),
            completion_tokens=_sum(self._usage.completion_tokens, counts.completion),
            cost=_sum(self._usage.cost, counts.cost),
        )


def _sum(so_far: Any, more: Any) -> Any:
    return so_far if more is None else more if so_far is None else so_far + more


def _messages(heard: str, dialogue: Dialogue) -> list[Message]:
    messages: list[Message] = []
    for exchange in dialogue.exchanges:
        messages.append(ChatMessage("user", exchange.heard))
        if exchange.answer:
            messages.append(ChatMessage("assistant", exchange.answer))
    return [*messages, ChatMessage("user", heard)]
