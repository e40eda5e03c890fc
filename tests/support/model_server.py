"""A language model's server on this machine: chat completions and responses over HTTP, streamed as server-sent events.

A function maps each request to the model's steps, which both APIs send.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True)
class Text:
    """A piece of text, after a pause."""

    text: str
    after_s: float = 0.0


@dataclass(frozen=True)
class CallTool:
    name: str
    arguments: dict[str, Any]


@dataclass(frozen=True)
class Raw:
    """A tool call with arguments that need not be JSON."""

    name: str
    arguments: str


@dataclass(frozen=True)
class BreakOff:
    """The connection closes during the reply."""


Step = Text | CallTool | Raw | BreakOff


@dataclass(frozen=True)
class Refuse:
    """An HTTP error instead of a reply."""

    status: int
    message: str = "no"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ReceivedRequest:
    """The content of a request in either API: user, assistant and tool texts in order, and the body."""

    body: dict[str, Any]
    key: str

    @property
    def texts(self) -> list[tuple[str, str]]:
        found = []
        for item in self.body.get("messages") or self.body.get("input") or []:
            if item.get("type") == "function_call_output":
                found.append(("tool", item["output"]))
            elif item.get("role") in ("user", "assistant", "tool") and item.get("content"):
                found.append((item["role"], item["content"]))
        return found

    @property
    def results(self) -> list[str]:
        """The tool results since the last words of the user."""
        last = max(number for number, (role, _) in enumerate(self.texts) if role == "user")
        return [text for role, text in self.texts[last:] if role == "tool"]

    @property
    def said(self) -> str:
        return [text for role, text in self.texts if role == "user"][-1]


@dataclass(frozen=True)
class Sent:
    """The bytes of a reply's body. whole: whether the body ends properly after them."""

    body: bytes
    content_type: str = "text/event-stream"
    whole: bool = True


Model = Callable[[ReceivedRequest], Sequence[Step] | Refuse | Sent]


@dataclass
class ModelServer:
    """The server. base_url: up to /v1. asked: all requests in order. left: set when a client aborted a reply."""

    base_url: str
    asked: list[ReceivedRequest] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)


@contextmanager
def model_server(model: Model, *, usage: bool = True) -> Iterator[ModelServer]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self._json(200, {"object": "list", "data": [{"id": "stub", "object": "model", "created": 0}]})

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            asked = ReceivedRequest(body, self.headers.get("authorization", ""))
            served.asked.append(asked)
            reply = model(asked)
            if isinstance(reply, Refuse):
                self._json(reply.status, {"error": {"message": reply.message, "type": "stub"}}, reply.headers)
                return
            self.send_response(200)
            self.send_header("content-type", reply.content_type if isinstance(reply, Sent) else "text/event-stream")
            self.send_header("transfer-encoding", "chunked")
            self.end_headers()
            wire = _chat if self.path.endswith("/chat/completions") else _responses
            try:
                for event in _sent(reply) if isinstance(reply, Sent) else wire(reply, usage):
                    if event is None:
                        self.close_connection = True
                        return
                    self._chunk(event)
                self._chunk("")
            except (BrokenPipeError, ConnectionResetError):
                served.left.set()
                self.close_connection = True

        def _chunk(self, text: str | bytes) -> None:
            data = text.encode() if isinstance(text, str) else text
            self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")
            self.wfile.flush()

        def _json(self, status: int, value: Any, headers: Mapping[str, str] = MappingProxyType({})) -> None:
            data = json.dumps(value).encode()
            self.send_response(status)
            for name, header in headers.items():
                self.send_header(name, header)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    served = ModelServer(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _sent(reply: Sent) -> Iterator[bytes | None]:
    yield reply.body
    if not reply.whole:
        yield None


def _pieces(text: str) -> list[str]:
    """Split like a model's output: one word with the preceding space at a time."""
    words = text.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def _chat(steps: Sequence[Step], usage: bool) -> Iterator[str | None]:
    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> str:
        choices = [{"index": 0, "delta": delta, "finish_reason": finish}]
        whole = {"id": "c", "object": "chat.completion.chunk", "created": 0, "model": "stub", "choices": choices}
        return f"data: {json.dumps(whole | more)}\n\n"

    index = 0
    yield chunk({"role": "assistant", "content": ""})
    for step in steps:
        if isinstance(step, BreakOff):
            yield None
            return
        if isinstance(step, Text):
            time.sleep(step.after_s)
            for piece in _pieces(step.text):
                yield chunk({"content": piece})
            continue
        arguments = step.arguments if isinstance(step, Raw) else json.dumps(step.arguments)
        middle = len(arguments) // 2
        first = {"index": index, "id": f"call_{index}", "type": "function"}
        yield chunk({"tool_calls": [first | {"function": {"name": step.name, "arguments": arguments[:middle]}}]})
        yield chunk({"tool_calls": [{"index": index, "function": {"arguments": arguments[middle:]}}]})
        index += 1
    yield chunk({}, "tool_calls" if index else "stop")
    if usage:
        counts = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120, "cost": 0.0005}
        yield chunk({}, choices=[], usage=counts)
    yield "data: [DONE]\n\n"


def _responses(steps: Sequence[Step], usage: bool) -> Iterator[str | None]:
    number = 0

    def event(kind: str, **data: Any) -> str:
        nonlocal number
        number += 1
        return f"event: {kind}\ndata: {json.dumps({'type': kind, 'sequence_number': number} | data)}\n\n"

    response = {
        "id": "r", "object": "response", "created_at": 0, "model": "stub", "output": [], "parallel_tool_calls": True,
        "tool_choice": "auto", "tools": [],
    }  # fmt: skip
    yield event("response.created", response=response | {"status": "in_progress"})
    for index, step in enumerate(steps):
        if isinstance(step, BreakOff):
            yield None
            return
        where = {"output_index": index, "item_id": f"i{index}"}
        if isinstance(step, Text):
            time.sleep(step.after_s)
            for piece in _pieces(step.text):
                yield event("response.output_text.delta", delta=piece, content_index=0, logprobs=[], **where)
            continue
        arguments = step.arguments if isinstance(step, Raw) else json.dumps(step.arguments)
        item = {"type": "function_call", "id": f"i{index}", "call_id": f"call_{index}", "name": step.name}
        yield event("response.output_item.added", item=item | {"arguments": ""}, output_index=index)
        yield event("response.function_call_arguments.delta", delta=arguments, **where)
        done = item | {"arguments": arguments, "status": "completed"}
        yield event("response.output_item.done", item=done, output_index=index)
    counts = {
        "input_tokens": 100, "output_tokens": 20, "total_tokens": 120, "cost": 0.0005,
        "input_tokens_details": {"cached_tokens": 0}, "output_tokens_details": {"reasoning_tokens": 0},
    }  # fmt: skip
    yield event("response.completed", response=response | {"status": "completed", "usage": counts if usage else None})
