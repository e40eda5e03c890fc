"""The known-answer table: what an agent was set to do against what was measured of it.

Run it on an idle machine: python -m tests.support.known_answers [CONVERSATIONS_AT_ONCE]
"""

from __future__ import annotations

import asyncio
import multiprocessing
import sys
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from tests.support.scripted_agent import Script, ScriptedAgent
from tests.support.sharp_speech import recording, sharp_speech
from voicelab.runs.conversation_recording import ConversationRecording
from voicelab.targets.base import TargetSettings, TurnOutcome, Utterance
from voicelab.targets.echo_agent import EchoSettings
from voicelab.targets.voicelab_server import VoicelabServer


@dataclass(frozen=True)
class KnownAnswer:
    """One row: the agent's delay and leading silence, and the recording's trailing silence, in seconds."""

    delay_s: float
    leading_s: float
    trailing_s: float

    @property
    def response_s(self) -> float:
        return self.delay_s + self.leading_s


ROWS = [
    KnownAnswer(delay_s, leading_s, trailing_s)
    for delay_s, leading_s in ((0.4, 0.0), (0.4, 0.25), (0.8, 0.0), (1.5, 0.5))
    for trailing_s in (0.0, 0.5, 2.0)
]


BEHAVIOURS = sorted({(row.delay_s, row.leading_s) for row in ROWS})


def serve_agents(ports: Connection) -> None:
    """Serve an agent for each behaviour, in a process of its own: its work must not delay the callers."""

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            agents = [ScriptedAgent(Script(EchoSettings(*one, reply=sharp_speech(3)))) for one in BEHAVIOURS]
            ports.send([await stack.enter_async_context(agent.serving()) for agent in agents])
            await asyncio.Event().wait()

    asyncio.run(serve())


async def turn(row: KnownAnswer, audio: bytes, port: int, folder: Path) -> TurnOutcome:
    """One turn with an agent of this row's behaviour."""
    target = VoicelabServer(url=f"http://127.0.0.1:{port}")
    await target.open(TargetSettings(folder))
    async with target.session("caller") as session:
        return await session.speak(Utterance(audio), "realtime")


async def errors_s(
    rows: list[KnownAnswer], at_once: int, ports: list[int], folder: Path
) -> list[tuple[KnownAnswer, float | None]]:
    """What was measured too much, for each row; None where there is no response time."""
    found = []
    speech = sharp_speech()
    audio = {row.trailing_s: recording(speech, trailing_s=row.trailing_s) for row in rows}
    port_of = dict(zip(BEHAVIOURS, ports, strict=True))
    for start in range(0, len(rows), at_once):
        batch = rows[start : start + at_once]
        takes = await asyncio.gather(
            *(turn(row, audio[row.trailing_s], port_of[row.delay_s, row.leading_s], folder) for row in batch)
        )
        for row, take in zip(batch, takes, strict=True):
            timing = ConversationRecording("realtime").add(take)
            measured_s = timing.response_s if timing is not None else None
            found.append((row, None if measured_s is None else measured_s - row.response_s))
    return found


def main() -> None:
    at_once = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    rows = ROWS if at_once == 1 else [ROWS[number % len(ROWS)] for number in range(2 * at_once)]
    here, there = multiprocessing.Pipe()
    agents = multiprocessing.get_context("spawn").Process(target=serve_agents, args=(there,), daemon=True)
    agents.start()
    with TemporaryDirectory() as folder:
        found = asyncio.run(errors_s(rows, at_once, here.recv(), Path(folder)))
    agents.terminate()
    if at_once == 1:
        for row, error_s in found:
            error = "no response time" if error_s is None else f"{1000 * error_s:+6.1f} ms"
            print(f"delay {row.delay_s} s, silence {row.leading_s} s, trailing {row.trailing_s} s: {error}")
    known = np.abs([error_s for _, error_s in found if error_s is not None])
    print(f"{at_once} at once, {len(known)} of {len(found)} timed: p50 {1000 * np.percentile(known, 50):.1f} ms, "
          f"p99 {1000 * np.percentile(known, 99):.1f} ms, max {1000 * known.max():.1f} ms")  # fmt: skip


if __name__ == "__main__":
    main()
