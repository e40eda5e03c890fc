"""Responses: OpenAI's newer interface, at /v1/responses."""

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
from voicelab.errors import EngineError


async def stream(client: Any, request: ModelRequest) -> AsyncIterator[ModelEvent]:
    """Send a request; see ModelApi."""
    finished = False
    spoken = SpokenText()
    calls: list[RequestedCall] = []
    counts: TokenCounts | None = None
    async with await client.responses.create(**_body(request)) as events:
        async for event in events:
            match event.type:
                case "response.output_text.delta" | "response.refusal.delta":
                    if text := spoken.take(event.delta):
                        yield text
                case "response.output_item.done" if event.item.type == "function_call":
                    calls.append(RequestedCall(event.item.call_id, event.item.name, event.item.arguments or ""))
                case "response.completed" | "response.incomplete":
                    finished = True
                    counts = token_counts(event.response.usage, "input_tokens", "output_tokens")
                    # The last call may be incomplete although its arguments are valid.
                    if event.type == "response.incomplete" and (calls or spoken.is_empty):
                        details = event.response.incomplete_details
                        raise CutOffError(details.reason if details else "incomplete")
                case "response.failed":
                    failure = event.response.error
                    reason = failure.message if failure else "no reason given"
                    raise EngineError("openai", f"the model failed: {reason}")
                case "error":
                    raise EngineError("openai", f"the model failed: {event.message}")
    if rest := spoken.end():
        yield rest
    if not finished:
        raise CutOffError
    for call in calls:
        yield call
    if counts is not None:
        yield counts


def _body(request: ModelRequest) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model,
        "instructions": request.prompt,
        "input": [item for message in request.messages for item in _written(message)],
        "stream": True,
        "store": False,
    }
    if request.tools:
        body["tools"] = [{"type": "function", **described(tool), "strict": False} for tool in request.tools]
        if not request.may_call:
            body["tool_choice"] = "none"
    return body if request.temperature is None else body | {"temperature": request.temperature}


def _written(message: Message) -> list[dict[str, Any]]:
    if isinstance(message, ChatMessage):
        return [{"role": message.role, "content": message.text}]
    before = [{"role": "assistant", "content": message.text}] if message.text else []
    calls = [
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
        for call in message.calls
    ]
    results = [
        {"type": "function_call_output", "call_id": call.call_id, "output": text}
        for call, text in zip(message.calls, message.results, strict=True)
    ]
    return [*before, *calls, *results]
