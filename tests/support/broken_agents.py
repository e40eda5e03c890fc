"""Agents that cannot be measured, each broken at a different step.

python -m tests.support.broken_agents

serves them one by one, and prints the output of `voicelab probe`, its exit code and its duration.
"""

from __future__ import annotations

import asyncio
import base64
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from tests.support.raw_agent import RawAgent
from tests.support.realtime_agent import RealtimeAgent
from tests.support.tones import tone
from voicelab.targets.echo_agent import EchoAgent
from voicelab.targets.faults import Owner

_OURS = "http://127.0.0.1:{port}"
_REALTIME = "openai-realtime:url=ws://127.0.0.1:{port}/v1/realtime,key_env=VOICELAB_NO_KEY,ready_s=2"


@dataclass(frozen=True)
class BrokenAgent:
    """serving: yields its port. spec: the target's specification, with {port}. step: the first failed step of a probe.
    fault: the cause. says: part of the sentence.
    """

    serving: Callable[[], AbstractAsyncContextManager[int]]
    spec: str
    step: str
    fault: Owner
    says: str


class _Garbage(EchoAgent):
    """Answers init with an invalid message."""

    async def _turns(self, connection: Any) -> None:
        await connection.receive()
        await connection.socket.send("\x00 what?")
        await connection.socket.wait_closed()


class _Closes(EchoAgent):
    """Closes the connection in the middle of the reply."""

    async def reply(self, connection: Any, turn: Any) -> None:
        await connection.send("transcription", {"text": "hello"})
        await connection.socket.close()


class _Mute(EchoAgent):
    """Accepts the audio and never answers."""

    async def reply(self, connection: Any, turn: Any) -> None:
        await connection.socket.wait_closed()


class _Fails(EchoAgent):
    """Answers the turn with an error."""

    async def reply(self, connection: Any, turn: Any) -> None:
        await connection.send("error", {"code": "engine_failed", "message": "The recognizer broke."})


@asynccontextmanager
async def _nobody() -> AsyncIterator[int]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        yield free.getsockname()[1]


def _realtime(behaviour: str) -> Callable[[], AbstractAsyncContextManager[int]]:
    @asynccontextmanager
    async def serving() -> AsyncIterator[int]:
        async with RealtimeAgent(behaviour).running() as agent:
            yield _port(agent.url)

    return serving


@asynccontextmanager
async def _wrong_rate() -> AsyncIterator[int]:
    """A bot whose sound has a rate of 1 Hz."""
    ready = {"label": "rtvi-ai", "type": "bot-ready", "id": "1", "data": {"version": "1.2.0"}}
    audio = base64.b64encode(tone(0.2).to_pcm16()).decode()
    data = {"audio": audio, "sample_rate": 1, "num_channels": 1}
    reply = [{"label": "rtvi-ai", "type": "bot-tts-audio", "data": data}] * 3
    async with RawAgent([ready], reply, sound_key="raw-audio").running() as agent:
        yield _port(agent.url)


def _port(url: str) -> int:
    return int(url.split(":")[2].partition("/")[0])


BROKEN = {
    "is not running": BrokenAgent(_nobody, _OURS, "connected", "harness", "no voicelab server answers there"),
    "refuses the key": BrokenAgent(_realtime("refuse"), _REALTIME, "connected", "harness", "HTTP 401: no such key"),
    "hangs before the session": BrokenAgent(
        _realtime("hang_before_session"), _REALTIME, "ready", "agent", "no message arrived"
    ),
    "hangs before it is ready": BrokenAgent(
        _realtime("hang_before_ready"), _REALTIME, "ready", "agent", "the last messages: session.created"
    ),
    "speaks another protocol": BrokenAgent(
        _Garbage().serving, _OURS, "ready", "agent", "not a message of voicelab's protocol"
    ),
    "closes in the middle": BrokenAgent(_Closes().serving, _OURS, "sound accepted", "agent", "closed the connection"),
    "never answers": BrokenAgent(_Mute().serving, _OURS, "sound accepted", "agent", "sent nothing"),
    "answers with an error": BrokenAgent(
        _Fails().serving, _OURS, "sound accepted", "agent", "engine_failed: The recognizer broke."
    ),
    "floods": BrokenAgent(_realtime("flood"), _REALTIME, "sound accepted", "agent", "flood: the target sent more than"),
    "sends sound at 1 Hz": BrokenAgent(
        _wrong_rate, "rtvi:url=ws://127.0.0.1:{port},format=json", "sound accepted", "agent", "and 1 Hz"
    ),
}
"""The agents by their behaviour."""


async def show(name: str, broken: BrokenAgent) -> None:
    """Print the output of the command for one agent."""
    async with broken.serving() as port:
        began_s = perf_counter()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "voicelab", "probe", broken.spec.format(port=port), stdout=asyncio.subprocess.PIPE
        )
        said, _ = await process.communicate()
    print(f"--- an agent that {name}: exit code {process.returncode} after {perf_counter() - began_s:.1f} s")
    print(said.decode())


async def main() -> None:
    for name, broken in BROKEN.items():
        await show(name, broken)


if __name__ == "__main__":
    asyncio.run(main())
