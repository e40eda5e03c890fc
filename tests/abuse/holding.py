"""Hold a conversation with a server and check the server's behaviour."""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from time import perf_counter

from tests.abuse.conversations import Ending, FuzzConversation
from tests.abuse.frames import Due, Opcode, due, frame
from tests.abuse.message_mutations import MOST_BYTES
from tests.abuse.promises import CLOSING_CODES, Replies
from tests.abuse.rawsocket import Closed, RawSocket, Violation
from tests.abuse.seeds import chunks, message, payload

PATIENCE_S = 15.0
"""Time limit for the server, on a machine with other work."""
_POLICY, _NORMAL = 1008, 1000
_BUSY, _FULL = 503, 507
_COME_AGAIN_S = 0.2
_numbers = count(1)


@dataclass(slots=True)
class Held:
    """Results of conversations. answered_s: durations of the turns after them.

    crowded: whether other clients may use all places, so that a handshake may be refused.
    """

    crowded: bool = False

    errors: Counter[str] = field(default_factory=Counter)
    closes: Counter[int | None] = field(default_factory=Counter)
    statuses: Counter[int | None] = field(default_factory=Counter)
    answered_s: list[float] = field(default_factory=list)


async def hold(address: str, conversation: FuzzConversation, held: Held) -> bool:
    """Hold the conversation. Raises Violation if the server breaks the protocol, ServerGone if it is unreachable.

    Returns whether the server accepted all of it: it may close a connection that is too fast or sends too much.
    """
    socket = await RawSocket.open(address)
    try:
        async with asyncio.timeout(PATIENCE_S):
            if not await _begin(socket, conversation, held):
                return False
        return await _Exchange(address, socket, conversation, held).run()
    except TimeoutError as error:
        raise Violation(f"a connection was not answered within {PATIENCE_S:g} s") from error
    finally:
        await socket.close()


async def _begin(socket: RawSocket, conversation: FuzzConversation, held: Held) -> bool:
    """Do the handshake; return whether a WebSocket is open."""
    handshake = conversation.handshake
    await socket.write(handshake.data)
    if handshake.ends:
        socket.half_close()
    answer = await socket.answer()
    status, body = answer if answer is not None else (None, b"")
    held.statuses[status] += 1
    is_open = status == 101
    if status is not None and status >= 500 and status not in (_BUSY, _FULL):
        raise Violation(f"a handshake was answered with {status}: {body[:200]!r}")
    if status == _BUSY and (held.crowded or handshake.data.startswith(b"POST")):
        return False
    if handshake.opens is not None and is_open != handshake.opens:
        raise Violation(f"a handshake was answered with {status}: {body[:200]!r}")
    return is_open and not handshake.ends


class _Exchange:
    def __init__(self, address: str, socket: RawSocket, conversation: FuzzConversation, held: Held) -> None:
        self._address = address
        self._socket = socket
        self._conversation = conversation
        self._held = held
        self._replies = Replies()
        self._due = due(conversation.wire, 2 * MOST_BYTES)
        self._token = f"token {next(_numbers)} end"

    async def run(self) -> bool:
        ending = self._conversation.ending if self._due.is_whole or self._due.closes else "vanish"
        if ending != "ask":
            return await self._leave(ending)
        reading = asyncio.create_task(self._read())
        try:
            await self._send(self._conversation.wire)
            start = perf_counter()
            if not self._due.closes:
                await self._send(question(self._token))
            async with asyncio.timeout(PATIENCE_S):
                closed = await reading
        except TimeoutError as error:
            what = f"be closed with {sorted(self._due.closes, key=str)}" if self._due.closes else "be answered"
            raise Violation(f"waited {PATIENCE_S:g} s in vain for the connection to {what}") from error
        finally:
            reading.cancel()
            self._held.errors.update(self._replies.errors)
        if closed is None:
            self._held.answered_s.append(perf_counter() - start)
            await self._part()
            return True
        self._check_closed(closed, self._due)
        self._held.answered_s.append(await ask(self._address, crowded=self._held.crowded))
        return bool(self._due.closes)

    async def _leave(self, ending: Ending) -> bool:
        """Disconnect without waiting for an answer; check the messages received so far."""
        reading = asyncio.create_task(self._read())
        try:
            await self._send(self._conversation.wire)
            if ending == "half close":
                self._socket.half_close()
                async with asyncio.timeout(PATIENCE_S):
                    await reading
            elif reading.done():
                reading.result()
        except TimeoutError as error:
            raise Violation("a connection was not closed after its client's end") from error
        finally:
            reading.cancel()
            self._socket.vanish()
        return True

    async def _send(self, data: bytes) -> None:
        """Send at once, piece by piece, or in portions split at random places."""
        if self._conversation.cut == 0:
            await self._socket.write(data)
            return
        size = max(37, len(data) // 16) if self._conversation.cut == 2 else 1400
        for start in range(0, len(data), size):
            await self._socket.write(data[start : start + size])
            await asyncio.sleep(0)

    async def _read(self) -> Closed | None:
        """Read until the question is answered (None), or the connection is closed."""
        is_mine = False
        while isinstance(came := await self._socket.receive(), str):
            name, data = self._replies.take(came)
            if name == "agent_response":
                is_mine = self._token in data["text"]
            if name == "audio_chunk" and data["is_final"] and is_mine:
                return None
        return came

    def _check_closed(self, closed: Closed, owed: Due) -> None:
        self._held.closes[closed.code] += 1
        last = self._replies.last_error
        if closed.code == _POLICY and last in CLOSING_CODES and closed.reason == last:
            return
        # Bytes that arrive after the server has closed may destroy its close frame.
        if owed.closes and (closed.code in owed.closes or None in owed.closes or closed.code is None):
            return
        expected = sorted(owed.closes, key=str) if owed.closes else "no close"
        raise Violation(f"closed with {closed.code} {closed.reason!r} after the error {last!r}; due was {expected}")

    async def _part(self) -> None:
        """Do the closing handshake."""
        await self._socket.write(frame(_NORMAL.to_bytes(2, "big"), Opcode.CLOSE))
        try:
            async with asyncio.timeout(PATIENCE_S):
                while isinstance(came := await self._socket.receive(), str):
                    self._replies.take(came)
        except TimeoutError as error:
            raise Violation("a close was not answered") from error
        if came.code not in (_NORMAL, None):
            raise Violation(f"a close with {_NORMAL} was answered with {came.code}")


def question(token: str) -> bytes:
    """Frames that end any current turn and then request an answer with the token."""
    return frame(payload(chunks([b""])[0])) + frame(payload(message("text", text=token)))


async def ask(address: str, *, crowded: bool = False) -> float:
    """Run a turn on a new connection, which must be answered with its own words. Returns the time with the handshake.

    crowded: retry for a while if the server is full.
    """
    gives_up_s = perf_counter() + PATIENCE_S
    while perf_counter() < gives_up_s:
        start, held = perf_counter(), Held(crowded=crowded)
        await hold(address, FuzzConversation.usual(), held)
        if held.answered_s:
            return perf_counter() - start
        await asyncio.sleep(_COME_AGAIN_S)
    raise Violation("a new connection was not served")
