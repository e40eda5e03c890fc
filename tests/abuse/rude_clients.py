"""Clients that violate the protocol, disappear, arrive in large numbers, or are slow."""

from __future__ import annotations

import asyncio
import random

from tests.abuse import fuzz
from tests.abuse.conversations import Composer, FuzzPlan
from tests.abuse.frames import frame
from tests.abuse.good_clients import Client, ClientSession, ClientTally
from tests.abuse.handshakes import SOUND
from tests.abuse.holding import Held, hold
from tests.abuse.rawsocket import Closed, RawSocket, Violation
from tests.abuse.seeds import chunks, make_seeds, message, payload
from voicelab.audio.clip import Clip
from voicelab.audio.opus import encode_packets

MOST_CONNECTIONS = 60
READER_TIMEOUT_S = 2.0
_CROWD = MOST_CONNECTIONS + 20
_NARROW_BYTES = 4096
_FEW_BYTES = 6
_LONG = "Go on and on and on. " * 90
"""Makes a reply of megabytes as PCM: more than the buffers between two ends of a connection take.

In sentences, as a voice makes each whole: one of minutes would be measured as memory of the server.
"""


def mutating() -> Client:
    """Mutated conversations, one after another, each followed by a turn that is answered."""
    composer = Composer(make_seeds())
    held = Held(crowded=True)

    async def client(tally: ClientTally, number: int) -> None:
        chance = random.Random(number)
        for _ in tally.rounds(10):
            plan = FuzzPlan(
                init=chance.randrange(30), pieces=tuple(chance.randrange(1, 1 << 24) for _ in range(8)),
                last=chance.choice((0, 0, 0, chance.randrange(1, 1 << 24))),
                handshake=chance.choice((0, 0, 0, chance.randrange(1, 1 << 24))),
                ending=chance.choice((0, 0, 1, 2)), cut=chance.randrange(3),
            )  # fmt: skip
            conversation = composer.conversation(plan)
            try:
                await hold(tally.address, conversation, held)
            except Violation as violation:
                raise Violation(
                    f"{violation}; again: python -m tests.abuse replay {conversation.keep(fuzz.KEPT)}"
                ) from violation
            tally.done["mutated conversations"] += 1
            await asyncio.sleep(0.2)

    return client


async def vanishing(tally: ClientTally, number: int) -> None:
    """Disappear during a turn or a reply, without a close."""
    for turn in tally.rounds(6):
        async with ClientSession.open(tally.address, user_id=f"vanishing {number}", paced=True) as session:
            if turn % 2:
                await session.send(*chunks(encode_packets(Clip.silence(0.3)))[:-1])
            else:
                await session.send(message("text", text=_LONG))
                await session.until("audio_chunk")
            session.socket.vanish()
        tally.done["clients that vanished"] += 1
        await asyncio.sleep(0.3)


async def half_open(tally: ClientTally, _number: int) -> None:
    """Pause in the middle of a handshake."""
    socket = await RawSocket.open(tally.address)
    await socket.write(SOUND.data[: len(SOUND.data) // 2])
    await asyncio.sleep(2.0)
    await socket.close()
    tally.done["handshakes that stopped"] += 1


async def crowd(tally: ClientTally, _number: int) -> None:
    """Open more connections than the server accepts; the others must get an error."""
    sockets = await asyncio.gather(*(RawSocket.open(tally.address) for _ in range(_CROWD)))
    try:
        await asyncio.gather(*(socket.write(SOUND.data) for socket in sockets))
        answers = await asyncio.gather(*(socket.answer() for socket in sockets))
        statuses = [answer[0] if answer is not None else None for answer in answers]
        if set(statuses) - {101, 503} or 503 not in statuses:
            raise Violation(f"a crowd of {_CROWD} was answered with {sorted(set(statuses), key=str)}")
        tally.done["connections over the limit"] += statuses.count(503)
    finally:
        await asyncio.gather(*(socket.close() for socket in sockets))
    await tally.pause(10.0)


async def not_reading(tally: ClientTally, number: int) -> None:
    """Request a lot and read nothing, until the server drops the connection."""
    async with ClientSession.open(
        tally.address, _NARROW_BYTES, user_id=f"not reading {number}", audio_format="pcm16"
    ) as session:
        await session.send(message("text", text=_LONG))
        await session.until("audio_chunk")
        session.socket.pause_reading()
        await asyncio.sleep(3 * READER_TIMEOUT_S)
        session.socket.resume_reading()
        while isinstance(came := await session.next(), str):
            name, data = session.replies.take(came)
            if name == "audio_chunk" and data["is_final"]:
                raise Violation("a client that read nothing got its whole reply")
        assert isinstance(came, Closed)
        tally.done["readers that were dropped"] += 1


async def trickling(tally: ClientTally, number: int) -> None:
    """Send a few bytes at a time; the server must answer nevertheless."""
    async with ClientSession.open(tally.address, user_id=f"trickling {number}") as session:
        for turn in tally.rounds(2):
            words = f"slowly {number} {turn}"
            wire = frame(payload(message("text", text=words)))
            async with session.socket.in_frame:
                for start in range(0, len(wire), _FEW_BYTES):
                    await session.socket.write(wire[start : start + _FEW_BYTES])
                    await asyncio.sleep(0.1)
            await session.answered(f"Turn {turn}. You said: {words}.")
            tally.done["turns that trickled in"] += 1


RUDE: tuple[Client, ...] = (vanishing, vanishing, half_open, half_open, crowd, not_reading, not_reading, trickling)
