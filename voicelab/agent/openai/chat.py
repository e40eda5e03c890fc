"""Chat completions, the API of OpenAI, vLLM, Ollama, llama.cpp and LiteLLM at /v1/chat/completions."""

import json
from collections.abc import AsyncIterator
from typing import Any

from voicelab.agent.openai.model_api import (
    ChatMessage,
    CutOffError,
    Message,
    ModelEvent,
    ModelRequest,
    RequestedCall,
    TokenCounts,
    described,
    token_counts,
)
from voicelab.agent.openai.spoken_text import SpokenText


async def stream(client: Any, request: ModelRequest) -> AsyncIterator[ModelEvent]:
    """Send a request; see ModelApi."""
    calls = _Calls()
    counts: TokenCounts | None = None
    reason = ""
    spoken = SpokenText()
    async with await client.chat.completions.create(**_body(request)) as chunks:
        async for chunk in chunks:
            if chunk.usage is not None:
                counts = token_counts(chunk.usage, "prompt_tokens", "completion_tokens")
            # Keepalives and the last chunk have no choices, and some servers end with a choice without a delta.
            for choice in (chunk.choices or ())[:1]:
                reason = choice.finish_reason or reason
                if choice.delta is None:
                    continue
                delta = choice.delta
                if text := spoken.take(_text(delta.content) or _text(getattr(delta, "refusal", None))):
                    yield text
                for part in delta.tool_calls or ():
                    calls.add(part)
    if rest := spoken.end():
        yield rest
    if not reason:
        raise CutOffError
    found = calls.whole()
    # The last call may be incomplete although its arguments are valid, for example if they are still empty.
    if (found and reason in ("length", "content_filter")) or (spoken.is_empty and not found and reason != "stop"):
        raise CutOffError(reason)
    for call in found:
        yield call
    if counts is not None:
        yield counts


class _Calls:
    """Assembles tool calls from their parts: the first contains the name, the others continue the arguments.

    Servers differ: some number every call 0 and tell them apart by their ids, some omit the numbers, and some repeat
    the id or the name in each part.
    """

    def __init__(self) -> None:
        self._calls: list[RequestedCall] = []
        self._places: dict[Any, int] = {}

    def add(self, part: Any) -> None:
        function = part.function
        name = _text(function.name) if function is not None else ""
        arguments = _arguments(function.arguments) if function is not None else ""
        call_id = _text(part.id)
        place = self._places.get(part.index)
        if place is None or self._begins_another(self._calls[place], part.index, call_id, name):
            self._places[part.index] = len(self._calls)
            self._calls.append(RequestedCall(call_id, name, arguments))
            return
        call = self._calls[place]
        whole_name = call.name if name == call.name else call.name + name
        self._calls[place] = RequestedCall(call.call_id or call_id, whole_name, call.arguments + arguments)

    def whole(self) -> list[RequestedCall]:
        return [
            RequestedCall(call.call_id or f"call_{number}", call.name, call.arguments)
            for number, call in enumerate(self._calls, start=1)
        ]

    @staticmethod
    def _begins_another(call: RequestedCall, index: Any, call_id: str, name: str) -> bool:
        if not name:
            return False
        return call_id != call.call_id if call_id else index is None


def _text(content: Any) -> str:
    """Return the text of a field: a string, or, as some servers send it, a list of parts, of which only text counts."""
    if isinstance(content, list):
        return "".join(_text(part.get("text")) for part in content if isinstance(part, dict))
    return "" if content is None or isinstance(content, dict) else str(content)


def _arguments(value: Any) -> str:
    return json.dumps(value) if isinstance(value, dict | list) else _text(value)


def _body(request: ModelRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "messages": [{"role": "system", "content": request.prompt}],
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    for message in request.messages:
        body["messages"] += _written(message)
    if request.tools:
        body["tools"] = [{"type": "function", "function": described(tool)} for tool in request.tools]
        if not request.may_call:
            body["tool_choice"] = "none"
    settings = {"temperature": request.temperature, "seed": request.seed}
    return body | {name: value for name, value in settings.items() if value is not None}


def _written(message: Message) -> list[dict[str, Any]]:
    if isinstance(message, ChatMessage):
        return [{"role": message.role, "content": message.text}]
    calls = [
        {"id": call.call_id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
        for call in message.calls
    ]
    request = {"role": "assistant", "content": message.text or None, "tool_calls": calls}
    results = zip(message.calls, message.results, strict=True)
    return [request, *({"role": "tool", "tool_call_id": call.call_id, "content": text} for call, text in results)]
