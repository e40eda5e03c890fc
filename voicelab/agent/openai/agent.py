"""An agent for any server with chat completions or responses: OpenAI, vLLM, Ollama, llama.cpp, LiteLLM."""

import asyncio
import hashlib
import weakref
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from pathlib import Path

from voicelab.agent.base import Dialogue, Reply, ReplyPart, ReplyWriter
from voicelab.agent.openai import chat, responses
from voicelab.agent.openai.conversing import ModelServer, TurnWithModel
from voicelab.agent.openai.loop_thread import LoopStream, LoopThread
from voicelab.agent.openai.model_api import ModelApi, ModelRequest
from voicelab.agent.tools import toolbox
from voicelab.engines.openai_client import OPENAI_URL, connect, connect_async
from voicelab.engines.spec import EngineInfo, package_revision
from voicelab.errors import InputError

_APIS: dict[str, ModelApi] = {"chat": chat.stream, "responses": responses.stream}


@dataclass(kw_only=True, eq=False, repr=False)
class OpenAIAgent:
    """A language model with tools.

    base_url: the server's URL up to /v1. model: its name on the server. api: chat (chat completions) or responses.
    temperature, seed: none uses the server's defaults; responses does not support seed. prompt: a file with the system
    prompt; none: the toolbox's own. tools: the toolbox, finance or package.module:Class. data: the tools' data source;
    for finance none (sample data), a folder, or live. key_variable: the environment variable with the API key.
    timeout_s: maximum duration of a request, including its reply. retries: for requests that fail before their reply
    begins. tool_timeout_s: maximum duration of a tool call.
    """

    base_url: str = OPENAI_URL
    model: str = "gpt-4o-mini"
    api: str = "chat"
    temperature: float | None = None
    seed: int | None = None
    prompt: str | None = None
    tools: str = "finance"
    data: str | None = None
    key_variable: str = "OPENAI_API_KEY"
    timeout_s: float = 30.0
    retries: int = 2
    tool_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if self.api not in _APIS:
            raise InputError(f"openai: option api={self.api}: unknown; known: {', '.join(_APIS)}")
        if self.api == "responses" and self.seed is not None:
            raise InputError(f"openai: option seed={self.seed}: the responses interface has no seed; use api=chat")
        self._url = self.base_url.rstrip("/")
        self._toolbox = toolbox(self.tools, self.data)
        self._prompt = ""
        self._loop: LoopThread
        self._server: ModelServer

    def load(self) -> EngineInfo:
        self._toolbox.load()
        self._prompt = _read(self.prompt) if self.prompt else self._toolbox.prompt
        how = (self._url, self.key_variable, self.timeout_s, self.retries)
        connect(*how).close()
        client = connect_async(*how)
        self._loop = LoopThread()
        weakref.finalize(self, self._loop.close, client.close)
        self._server = ModelServer(client, _APIS[self.api], self._url, self.timeout_s)
        digest = hashlib.sha256(self._prompt.encode()).hexdigest()[:12]
        used = f"{package_revision('openai')}, {self._toolbox.revision}, prompt {digest}"
        revision = f"{self.model} at {self._url}, {used}"
        return EngineInfo("agent", "openai", asdict(self), revision, device="remote", licence="the server's own")

    def stream(self) -> LoopStream:
        # A method of the agent, so that the loop does not end before the stream.
        return LoopStream(self._loop, self._parts)

    def _parts(self, heard: str, dialogue: Dialogue, wanted: asyncio.Event | None) -> AsyncIterator[ReplyPart | Reply]:
        request = ModelRequest(
            self.model, self._prompt, (), self._toolbox.tools, temperature=self.temperature, seed=self.seed
        )
        turn = TurnWithModel(self._server, request, self._toolbox, self.tool_timeout_s)
        return turn.parts(heard, dialogue, wanted)

    def respond(self, heard: str, dialogue: Dialogue) -> ReplyWriter:
        stream = self.stream()
        try:
            progress = stream.start(heard, dialogue)
            while not progress.done:
                yield from progress.parts
                progress = stream.next()
            yield from progress.parts
            reply: Reply = progress.result
            return reply
        finally:
            stream.close()


def _read(path: str) -> str:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise InputError(f"openai: option prompt: {path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"openai: option prompt: {path}: not UTF-8: {error.reason}") from error
    if not text.strip():
        raise InputError(f"openai: option prompt: {path}: is empty; write the system prompt into it")
    return text
