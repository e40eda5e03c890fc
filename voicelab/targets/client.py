"""A WebSocket client for voicelab's protocol that records the time of each event."""

import asyncio
import base64
import json
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from time import perf_counter
from typing import Any, Self
from urllib.parse import quote

from voicelab.agent.base import ToolCall
from voicelab.audio.incoming import Mode
from voicelab.engines.addresses import basic_authorization, take_user
from voicelab.errors import ConnectionLostError, NoReplyError, ServerError
from voicelab.targets.background import analyse
from voicelab.targets.base import PartialTranscript, TargetEvent, TurnOutcome, Utterance
from voicelab.targets.faults import BAD_REPLY
from voicelab.targets.reply_clock import ReplyClock
from voicelab.targets.request import Chunk, paced, request_chunks, sent_sound
from voicelab.targets.streaming.transport import WebSocket

_MOST_WAITING = 1000
"""Number of received messages that are queued; more of them wait in the connection."""
_MESSAGES_KEPT = 12
_MOST_MESSAGES = 20_000
_LONGEST_REPLY_S = 120.0


class VoiceClient:
    """A session with a server. Use it as `async with VoiceClient.connect(...)`."""

    def __init__(self, connection: WebSocket, timeout_s: float) -> None:
        self._connection = connection
        self._timeout_s = timeout_s
        self._inbox: asyncio.Queue[tuple[float, str | bytes | Exception]] = asyncio.Queue(_MOST_WAITING + 1)
        self.session_id = ""
        self.messages: deque[TargetEvent] = deque(maxlen=_MESSAGES_KEPT)
        """The last messages in both directions, oldest first; names of sent messages start with `>`."""

    @classmethod
    @asynccontextmanager
    async def connect(
        cls,
        url: str,
        *,
        user_id: str,
        session_id: str | None = None,
        events: tuple[str, ...] = ("turn_metrics",),
        timeout_s: float = 30.0,
    ) -> AsyncIterator[Self]:
        """Open a session. url: `ws://host:port/ws/voice/simple`; events: optional events to request.

        Credentials in the URL (`ws://user:password@host`) are sent with HTTP Basic and never shown. The user is then
        that of the token, and user_id is not sent.

        Raises ConnectionLostError if the server cannot be reached or is busy, InputError if it refuses this client (no
        token, a wrong path), ServerError if it refuses `init`.
        """
        url = take_user(url)
        named = None if basic_authorization(url) else user_id
        address = f"{url}?user_id={quote(named)}" if named else url
        # Every server accepts the origin of its own pages.
        client = cls(await WebSocket.connect(address, origin=True, timeout_s=timeout_s), timeout_s)
        async with client._reading():
            await client._send("init", {"user_id": named, "session_id": session_id, "events": list(events)})
            _, started = await client._receive()
            if started["event"] == "error":
                raise ServerError(started["data"]["code"], started["data"]["message"])
            if not isinstance(started["data"].get("session_id"), str):
                raise ServerError(BAD_REPLY, f"the server answered init with {started['event']} without a session_id")
            client.session_id = started["data"]["session_id"]
            yield client

    async def speak(self, audio: bytes, mode: Mode = "burst", *, source: str = "the recording") -> TurnOutcome:
        """Send a recording and receive the whole reply. If the server refuses the turn, the outcome has an `error`.

        Raises ConnectionLostError if the connection ends, NoReplyError if nothing arrives for timeout_s.
        """
        utterance = Utterance(audio, source)
        # In a thread, and before the first chunk is due, so that it delays no other conversation of this process.
        chunks, messages = await analyse(_request, utterance, mode)
        waiting, sent_s = iter(messages), []
        async for _ in paced(chunks, mode):
            await self._send_text("audio_chunk", next(waiting))
            sent_s.append(perf_counter())
        outcome = await self._take_reply(sent_s[-1] if sent_s else perf_counter())
        outcome.sent = await analyse(sent_sound, utterance, mode, chunks, sent_s)
        return outcome

    async def say(self, text: str) -> TurnOutcome:
        """A typed turn."""
        await self._send("text", {"text": text})
        return await self._take_reply(perf_counter())

    async def _take_reply(self, t_end: float) -> TurnOutcome:
        outcome, clock = TurnOutcome(t_end=t_end), ReplyClock()
        is_over = False
        while not is_over:
            arrived_s, message = await self._receive()
            outcome.events.append(TargetEvent(arrived_s, message["event"], message["data"].get("text")))
            try:
                is_over = _noted(message, arrived_s - t_end, outcome, clock)
            except (KeyError, ValueError, TypeError) as error:
                outcome.error = (BAD_REPLY, f"the server's {message['event']} cannot be read: {error!r}")
            if outcome.error is None:
                outcome.error = self._excess(len(outcome.events), arrived_s - t_end)
            is_over = is_over or outcome.error is not None
        await analyse(clock.fill, outcome, t_end)
        return outcome

    def _excess(self, messages: int, since_s: float) -> tuple[str, str] | None:
        """The fault of a reply with too many messages, or that goes on for too long."""
        if messages > _MOST_MESSAGES:
            return "flood", f"the server sent more than {_MOST_MESSAGES} messages in one turn"
        if since_s > self._timeout_s + _LONGEST_REPLY_S:
            return "reply_too_long", f"the reply was not over {since_s:.0f} s after the caller"
        return None

    async def _send(self, event: str, data: dict[str, Any]) -> None:
        await self._send_text(event, json.dumps({"event": event, "data": data}))

    async def _send_text(self, event: str, text: str) -> None:
        self.messages.append(TargetEvent(perf_counter(), f"> {event}"))
        await self._connection.send(text)

    async def _receive(self) -> tuple[float, dict[str, Any]]:
        """Return the next message and its arrival (`time.perf_counter`)."""
        try:
            async with asyncio.timeout(self._timeout_s):
                arrived_s, message = await self._inbox.get()
        except TimeoutError as error:
            raise NoReplyError(f"the server sent nothing for {self._timeout_s:g} s") from error
        if isinstance(message, Exception):
            self._inbox.put_nowait((arrived_s, message))  # the connection stays closed
            raise ConnectionLostError(str(message)) from message
        parsed = _parsed(message)
        self.messages.append(TargetEvent(arrived_s, f"< {parsed['event']}", parsed["data"].get("text")))
        return arrived_s, parsed

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[None]:
        """Read messages as they arrive: an agent may answer while the caller's audio is still being sent.

        Closes the connection at the end.
        """
        reader = asyncio.create_task(self._read())
        try:
            yield
        finally:
            reader.cancel()
            with suppress(asyncio.CancelledError):
                await reader
            await self._connection.close()

    async def _read(self) -> None:
        try:
            while True:
                message = await self._connection.receive()
                await self._inbox.put((perf_counter(), message))
        except ConnectionLostError as error:
            await self._inbox.put((perf_counter(), error))


def _request(utterance: Utterance, mode: Mode) -> tuple[list[Chunk], list[str]]:
    """Return the chunks of a request with their messages."""
    chunks = request_chunks(utterance.audio, mode, source=utterance.source)
    messages = []
    for number, chunk in enumerate(chunks, start=1):
        data: dict[str, Any] = {
            "audio_chunk": base64.b64encode(chunk.data).decode(),
            "format": chunk.form,
            "is_final": number == len(chunks),
        }
        if chunk.form == "pcm16":
            data["sample_rate"] = chunk.sample_rate_hz
        messages.append(json.dumps({"event": "audio_chunk", "data": data}))
    return chunks, messages


def _parsed(message: str | bytes) -> dict[str, Any]:
    """Parse a message. Raises ServerError if it does not match the protocol."""
    try:
        found = json.loads(message)
    except ValueError:
        found = None
    if isinstance(found, dict) and isinstance(found.get("event"), str) and isinstance(found.get("data"), dict):
        return found
    shown = message[:60]
    raise ServerError(BAD_REPLY, f"the server sent {shown!r}, which is not a message of voicelab's protocol")


def _noted(message: dict[str, Any], at_s: float, outcome: TurnOutcome, clock: ReplyClock) -> bool:
    """Add a message to the outcome. Returns whether it ends the turn."""
    event, data = message["event"], message["data"]
    if event in ("partial_transcription", "transcription"):
        outcome.partials.append(PartialTranscript(at_s + (outcome.t_end or 0.0), data["text"]))
    if event == "transcription":
        outcome.heard, outcome.transcript_s = data["text"], at_s
    elif event == "agent_response":
        outcome.answer, outcome.reply_text_s = data["text"], at_s
        outcome.intent, outcome.entities = data["intent"], data["entities"]
    elif event == "turn_metrics":
        outcome.candidates = data.pop("candidates", [])
        calls = data.get("tool_calls")
        outcome.tool_calls = [ToolCall(**call) for call in calls] if calls is not None else None
        outcome.changes = data.get("changes", [])
        outcome.usage = data.get("usage")
        outcome.stages = {name: value for name, value in data.items() if name.endswith("_s")}
    elif event == "error":
        outcome.error = (data["code"], data["message"])
        return True
    elif event == "audio_chunk":
        clock.arrived(at_s, base64.b64decode(data["audio_chunk"]))
        if data["is_final"]:
            outcome.turn_s = at_s
            return True
    return False
