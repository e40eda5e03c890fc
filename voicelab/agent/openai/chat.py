"""Chat completions, the API of OpenAI, vLLM, Ollama, llama.cpp and LiteLLM at /v1/chat/completions."""

from __future__ import annotations

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
    cost_of,
)


class ChatCompletions:
    """See ModelApi."""

    async def stream(self, client: Any, request: ModelRequest) -> AsyncIterator[ModelEvent]:
        calls = _Calls()
        counts: TokenCounts | None = None
        finished = False
        async with await client.chat.completions.create(**_body(request)) as chunks:
            async for chunk in chunks:
                if chunk.usage is not None:
                    usage = chunk.usage
                    counts = TokenCounts(usage.prompt_tokens, usage.completion_tokens, cost_of(usage))
                for choice in chunk.choices[:1]:
                    finished = finished or choice.finish_reason is not None
                    if choice.delta.content:
                        yield choice.delta.content
                    for part in choice.delta.tool_calls or ():
                        calls.add(part)
        if not finished:
            raise CutOffError
        for call in calls.whole():
            yield call
        if counts is not None:
            yield counts


class _Calls:
    """Assembles tool calls from their parts: the first contains the name, the others continue the arguments."""

    def __init__(self) -> None:
        self._parts: dict[Any, list[str]] = {}

    def add(self, part: Any) -> None:
        key = part.index if part.index is not None else part.id
        call_id, name, arguments = self._parts.setdefault(key, ["", "", ""])
        function = part.function
        self._parts[key] = [
            call_id or part.id or "",
            name or (function.name if function is not None else None) or "",
            arguments + ((function.arguments if function is not None else None) or ""),
        ]

    def whole(self) -> list[RequestedCall]:
        found = enumerate(self._parts.values(), start=1)
        return [RequestedCall(call_id or f"call_{number}", name, text) for number, (call_id, name, text) in found]


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
        body["tools"] = [
            {
                "type": "function",
                "function": {
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.arguments.model_json_schema(),
                },
            }
            for tool in request.tools
        ]
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
