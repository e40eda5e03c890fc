"""Clients that follow the protocol in different ways and check that the replies contain their own words."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any

import numpy as np

from tests.abuse.frames import Opcode, frame
from tests.abuse.handshakes import SOUND
from tests.abuse.promises import Replies
from tests.abuse.rawsocket import Closed, RawSocket, Violation
from tests.abuse.seeds import chunks, message, payload
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.codecs import encode
from voicelab.audio.incoming import IncomingAudio
from voicelab.audio.opus import encode_packets

PATIENCE_S = 30.0
_TURNS = 20
_THINKS_S = 0.3
_CHUNK_S = 0.1
_PACKET_S = 0.02
_UTTERANCES_S = (0.6, 2.8)
_BUSY = 503


@dataclass(slots=True)
class ClientTally:
    """Observations of a soak's clients, and their end time (performance counter).

    turns: end of speech, and seconds to the first audio.
    """

    address: str
    ends_s: float
    turns: list[tuple[float, float]] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)

    def rounds(self, most: int) -> Iterator[int]:
        """Count 1, 2, ... until the end time; at least 1."""
        for number in range(1, most + 1):
            if number > 1 and perf_counter() > self.ends_s:
                return
            yield number

    async def pause(self, for_s: float) -> None:
        """Wait, at most until the end time."""
        await asyncio.sleep(max(0.0, min(for_s, self.ends_s - perf_counter())))


class ClientSession:
    """A connection of a client that checks the replies against its requests."""

    def __init__(self, socket: RawSocket) -> None:
        self.socket = socket
        self.replies = Replies()
        self._came: asyncio.Queue[str | Closed | Violation] = asyncio.Queue()
        self._reading = asyncio.create_task(self._read())

    @classmethod
    @asynccontextmanager
    async def open(cls, address: str, receive_bytes: int | None = None, **init: Any) -> AsyncIterator[ClientSession]:
        """Start a session with these fields of init, and close it properly; waits while the server is full."""
        while True:
            socket = await RawSocket.open(address, receive_bytes=receive_bytes)
            await socket.write(SOUND.data)
            answer = await socket.answer()
            if answer is not None and answer[0] == 101:
                break
            await socket.close()
            if answer is not None and answer[0] != _BUSY:
                raise Violation(f"a sound handshake was answered with {answer}")
            await asyncio.sleep(0.2)
        session = cls(socket)
        try:
            await session.send(message("init", **init))
            await session.until("session_start")
            yield session
            await socket.write(frame(b"\x03\xe8", Opcode.CLOSE))
        finally:
            session._reading.cancel()
            await socket.close()

    async def _read(self) -> None:
        """Read continuously, so that the server's pings are always answered."""
        came: str | Closed | Violation = ""
        while isinstance(came, str):
            try:
                came = await self.socket.receive()
            except Violation as violation:
                came = violation
            self._came.put_nowait(came)

    async def next(self) -> str | Closed:
        """The next message; Violation if there is none, or if it is not allowed."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                came = await self._came.get()
        except TimeoutError as error:
            raise Violation(f"a good client waited {PATIENCE_S:g} s in vain") from error
        if isinstance(came, Violation):
            raise came
        return came

    async def send(self, *messages: dict[str, Any]) -> None:
        await self.socket.write(b"".join(frame(payload(one)) for one in messages))

    async def receive(self) -> tuple[str, dict[str, Any]]:
        """The next event; Violation for an error, a close, or a timeout."""
        came = await self.next()
        if isinstance(came, Closed):
            raise Violation(f"a good client's connection was closed with {came.code} {came.reason!r}")
        name, data = self.replies.take(came)
        if name == "error":
            raise Violation(f"a good client was told {data['code']}: {data['message']}")
        return name, data

    async def until(self, event: str) -> dict[str, Any]:
        """The next event with that name."""
        while (came := await self.receive())[0] != event:
            continue
        return came[1]

    async def finish(self) -> None:
        """Read up to the final chunk."""
        while not (await self.until("audio_chunk"))["is_final"]:
            continue

    async def answered(self, expected: str) -> None:
        """Read a whole answer, which must contain these words."""
        said = (await self.until("agent_response"))["text"]
        if said != expected:
            raise Violation(f"{expected!r} was to be answered; it was {said!r}")
        await self.finish()


Client = Callable[[ClientTally, int], Awaitable[None]]
"""Holds one or a few sessions; the number makes its words unique."""


def _tone(duration_s: float) -> Clip:
    instants = np.arange(round(duration_s * SPEECH_RATE_HZ)) / SPEECH_RATE_HZ
    return Clip((0.3 * np.sin(2 * np.pi * 300 * instants)).astype(np.float32), SPEECH_RATE_HZ)


async def _speak(tally: ClientTally, session: ClientSession, made: Sequence[dict[str, Any]], heard_s: float) -> None:
    """Send the last frame of a spoken turn, time the answer and check its words."""
    await session.send(made[-1])
    start = perf_counter()
    expected = f"you spoke {heard_s:.2f} seconds"
    heard = (await session.until("transcription"))["text"]
    if heard != expected:
        raise Violation(f"{expected!r} was said; {heard!r} was heard")
    await session.until("agent_response")
    first = await session.until("audio_chunk")
    tally.turns.append((start, perf_counter() - start))
    if not first["is_final"]:
        await session.finish()
    tally.done["turns spoken"] += 1
    await tally.pause(_THINKS_S)


async def in_turns(tally: ClientTally, number: int) -> None:
    """Send Opus packets at full speed."""
    packets = encode_packets(_tone(0.2 + 0.04 * (number % 50)))
    made = chunks(packets)
    async with ClientSession.open(tally.address, user_id=f"turns {number}") as session:
        for _ in tally.rounds(_TURNS):
            await session.send(*made[:-1])
            await _speak(tally, session, made, len(packets) * _PACKET_S)


async def in_files(tally: ClientTally, number: int) -> None:
    """Send a container split at random places."""
    chance = random.Random(number)
    data = encode(_tone(0.3 + 0.05 * (number % 16)), chance.choice(("opus", "flac", "mp3", "wav")))
    audio = IncomingAudio(longest_s=60)
    audio.feed(data)
    audio.finish()
    async with ClientSession.open(tally.address, user_id=f"files {number}") as session:
        for _ in tally.rounds(_TURNS):
            borders = sorted(chance.randrange(len(data)) for _ in range(5))
            parts = [data[start:end] for start, end in zip([0, *borders], [*borders, len(data)], strict=True)]
            made = chunks(parts)
            await session.send(*made[:-1])
            await _speak(tally, session, made, audio.duration_s)


async def in_real_time(tally: ClientTally, number: int) -> None:
    """Send packets at a microphone's pace."""
    packets = encode_packets(_tone(0.5 + 0.04 * (number % 25)))
    made = chunks(packets)
    async with ClientSession.open(tally.address, user_id=f"realtime {number}", mode="realtime", paced=False) as session:
        for _ in tally.rounds(_TURNS // 2):
            for one in made[:-1]:
                await session.send(one)
                await asyncio.sleep(_PACKET_S)
            await _speak(tally, session, made, len(packets) * _PACKET_S)


async def in_a_stream(tally: ClientTally, number: int) -> None:
    """Continuous mode: an utterance, then silence until it is answered."""
    speech_s = _UTTERANCES_S[number % len(_UTTERANCES_S)]
    pcm = _tone(speech_s).to_pcm16()
    size = 2 * round(_CHUNK_S * SPEECH_RATE_HZ)
    spoken = [pcm[start : start + size] for start in range(0, len(pcm), size)]
    events = ["speech_started", "speech_stopped"]
    async with ClientSession.open(
        tally.address, user_id=f"stream {number}", mode="continuous", events=events
    ) as session:
        for _ in tally.rounds(4):
            sending = asyncio.create_task(_stream(session, spoken, bytes(size)))
            try:
                heard = (await session.until("transcription"))["text"]
                await session.finish()
            finally:
                sending.cancel()
                await asyncio.gather(sending, return_exceptions=True)
            heard_s = float(heard.split()[2])
            # Including audio before and silence after it, which is less than the difference between two clients.
            if not speech_s - 0.1 < heard_s < speech_s + 1.9:
                raise Violation(f"{speech_s:.1f} s were said; {heard!r} was heard")
            tally.done["turns in a stream"] += 1


async def _stream(session: ClientSession, spoken: Sequence[bytes], silence: bytes) -> None:
    """Half a second of silence, the speech, and endless silence, in real time."""
    parts = [*[silence] * 5, *spoken]
    while True:
        made = chunks([parts.pop(0) if parts else silence], "pcm16")[0]
        made["data"]["is_final"] = False
        await session.send(made)
        await asyncio.sleep(_CHUNK_S)


async def typing(tally: ClientTally, number: int) -> None:
    """Send typed turns with different words."""
    async with ClientSession.open(tally.address, user_id=f"typing {number}") as session:
        for turn in tally.rounds(_TURNS):
            words = f"words {number} {turn}"
            await session.send(message("text", text=words))
            await session.answered(f"Turn {turn}. You said: {words}.")
            tally.done["turns typed"] += 1
            await asyncio.sleep(_THINKS_S)


async def interrupting(tally: ClientTally, number: int) -> None:
    """Interrupt long replies; no chunk may follow. A reply that was not heard at all is forgotten."""
    remembered = 0
    async with ClientSession.open(tally.address, user_id=f"interrupting {number}", paced=True) as session:
        for _ in tally.rounds(_TURNS // 2):
            # Longer than the server lets a reply run ahead of the ear.
            await session.send(message("text", text=f"Words {number}. " * 120))
            await session.until("audio_chunk")
            await asyncio.sleep(_THINKS_S)
            await session.send(message("interrupt"))
            stopped = await session.until("interrupted")
            remembered += bool(stopped["said"])
            await session.send(message("text", text=f"and {number}"))
            remembered += 1
            await session.answered(f"Turn {remembered}. You said: and {number}.")
            tally.done["replies interrupted"] += 1


async def resuming(tally: ClientTally, number: int) -> None:
    """Disconnect, sometimes without closing, and resume the session."""
    user, session_id = f"resuming {number}", None
    for turn in tally.rounds(_TURNS // 2):
        async with ClientSession.open(tally.address, user_id=user, session_id=session_id) as session:
            session_id = session.replies.session_id
            await session.send(message("text", text=f"it is {number}"))
            await session.answered(f"Turn {turn}. You said: it is {number}.")
            if turn % 2:
                session.socket.vanish()
        tally.done["sessions resumed"] += turn > 1
        await asyncio.sleep(_THINKS_S)


GOOD: tuple[Client, ...] = (in_turns, in_files, in_real_time, in_a_stream, typing, interrupting, resuming)
