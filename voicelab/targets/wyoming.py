"""Wyoming, the protocol of Home Assistant's voice services: a header line, then data and audio, over TCP.

voicelab takes the role of the satellite: it requests a speech-to-speech pipeline, sends the caller's audio, and
receives the reply. Source: the Wyoming protocol's own description (github.com/OHF-Voice/wyoming).
"""

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urlsplit

from voicelab.audio.clip import Clip
from voicelab.engines.options import check_choice
from voicelab.errors import ConnectionLostError, InputError, UnreachableError
from voicelab.targets.base import Capabilities
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import SoundFormat, pcm16_format, samples_clip
from voicelab.targets.streaming.target import StreamTarget
from voicelab.targets.streaming.transport import LARGEST_MESSAGE_BYTES, Transport, check_url
from voicelab.targets.streaming.wire import Reading, Wire, shorten

_WIDTH_BYTES = 2
_CLOSE_LIMIT_S = 2.0
_SEND_LIMIT_S = 20.0
"""Longest wait for a server that reads nothing."""


def encode_event(name: str, data: dict[str, Any] | None = None, payload: bytes = b"") -> bytes:
    header: dict[str, Any] = {"type": name}
    body = json.dumps(data, ensure_ascii=False).encode() if data else b""
    if body:
        header["data_length"] = len(body)
    if payload:
        header["payload_length"] = len(payload)
    return json.dumps(header).encode() + b"\n" + body + payload


def decode_event(frame: bytes) -> tuple[str, dict[str, Any], bytes]:
    """Return name, data and payload of an event. Raises InputError if it is invalid."""
    line, _, rest = frame.partition(b"\n")
    header = _header(line)
    data = header.get("data") or {}
    size = header.get("data_length") or 0
    if size:
        try:
            data = {**data, **json.loads(rest[:size])}
        except (ValueError, TypeError) as error:
            raise InputError(f"the data of a Wyoming event is not a JSON object: {shorten(rest[:size])}") from error
    return str(header["type"]), data, rest[size:]


class WyomingConnection:
    """A TCP connection that carries complete events."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, shown: str) -> None:
        self._reader, self._writer = reader, writer
        self._shown = shown

    @classmethod
    async def connect(cls, url: str, *, timeout_s: float) -> Self:
        """Open tcp://host:port. Raises InputError for an invalid address, else UnreachableError."""
        parts = urlsplit(check_url(url, ("tcp",), what="url"))
        if parts.port is None:
            raise InputError(f"url {url!r} has no port; write tcp://HOST:PORT")
        try:
            async with asyncio.timeout(timeout_s):
                reader, writer = await asyncio.open_connection(parts.hostname, parts.port, limit=LARGEST_MESSAGE_BYTES)
        except (OSError, TimeoutError) as error:
            reason = str(error) or f"no answer for {timeout_s:g} s"
            raise UnreachableError(f"{url}: cannot connect: {reason}; is the agent running there?") from error
        return cls(reader, writer, url)

    async def send(self, frame: Frame) -> None:
        assert isinstance(frame, bytes)
        try:
            self._writer.write(frame)
            async with asyncio.timeout(_SEND_LIMIT_S):
                await self._writer.drain()
        except TimeoutError as error:
            raise ConnectionLostError(f"{self._shown}: the target read nothing for {_SEND_LIMIT_S:g} s") from error
        except OSError as error:
            raise ConnectionLostError(f"{self._shown}: the target closed the connection: {error}") from error

    async def receive(self) -> Frame:
        """Return the next event. An invalid header line is returned unchanged, and the wire refuses it."""
        try:
            line = await self._reader.readline()
            if not line:
                raise ConnectionLostError(f"{self._shown}: the target closed the connection")
            try:
                header = _header(line)
            except InputError:
                return line
            size = sum(_size(header, key) for key in ("data_length", "payload_length"))
            if size > LARGEST_MESSAGE_BYTES:
                raise ConnectionLostError(f"{self._shown}: announced an event of {size} bytes, which is too large")
            return line + await self._reader.readexactly(size)
        except (OSError, asyncio.IncompleteReadError) as error:
            raise ConnectionLostError(f"{self._shown}: the target closed the connection: {error}") from error
        except ValueError as error:  # the line exceeds the limit
            raise ConnectionLostError(f"{self._shown}: a line is longer than {LARGEST_MESSAGE_BYTES} bytes") from error

    async def close(self) -> None:
        self._writer.close()
        try:
            async with asyncio.timeout(_CLOSE_LIMIT_S):
                await self._writer.wait_closed()
        except TimeoutError:
            self._writer.transport.abort()
        except OSError:
            pass  # it is closed already


class WyomingWire(Wire):
    """The events of one conversation. start: the request before the audio."""

    continuous = False
    marks_end = True

    def __init__(self, send_format: SoundFormat, start: str, language: str | None) -> None:
        self.send_format = send_format
        self._start = start
        self._language = language
        self._sent_s = 0.0

    def start_of_utterance(self) -> Sequence[Frame]:
        self._sent_s = 0.0
        language = {"language": self._language} if self._language else {}
        requests: dict[str, tuple[str, dict[str, Any]]] = {
            "pipeline": ("run-pipeline", {"start_stage": "asr", "end_stage": "tts", "restart_on_end": False}),
            "transcribe": ("transcribe", language),
        }
        first = [encode_event(*requests[self._start])] if self._start in requests else []
        return (*first, encode_event("audio-start", {**self._form(), "timestamp": 0}))

    def sound(self, clip: Clip) -> Sequence[Frame]:
        data = {**self._form(), "timestamp": round(1000 * self._sent_s)}
        self._sent_s += clip.duration_s
        return (encode_event("audio-chunk", data, clip.to_pcm16()),)

    def end_of_utterance(self) -> Sequence[Frame]:
        return (encode_event("audio-stop", {"timestamp": round(1000 * self._sent_s)}),)

    def read(self, frame: Frame) -> Reading:
        if isinstance(frame, str):
            raise InputError("a Wyoming event must be binary")
        name, data, payload = decode_event(frame)
        text = data.get("text")
        return Reading(name, tuple(_meaning(name, data, payload)), str(text) if text is not None else None)

    def _form(self) -> dict[str, int]:
        return {"rate": self.send_format.rate_hz, "width": _WIDTH_BYTES, "channels": 1}


@dataclass(eq=False, repr=False)
class Wyoming(StreamTarget):
    """A Wyoming server with a complete speech-to-speech pipeline.

    url: tcp://host:port. rate_hz: sample rate of the caller's audio. start: the request before the audio: pipeline
    (run-pipeline), transcribe, or none. language: for transcribe. ready_s: maximum time to connect.
    """

    unpaced = True
    capabilities = Capabilities(caller_transcript=True, reply_text=True, end_of_reply=True)

    url: str
    rate_hz: int = 16_000
    start: str = "pipeline"
    language: str | None = None
    # A pipeline neither speaks first nor ends a reply without a message.
    greeting_s: float = field(default=0.0, init=False)
    quiet_s: float = field(default=1.5, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("start", self.start, ("pipeline", "transcribe", "none"))
        self._send_format = pcm16_format(self.rate_hz)

    def wire(self, user_id: str) -> Wire:
        return WyomingWire(self._send_format, self.start, self.language)

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        return await WyomingConnection.connect(self.url, timeout_s=timeout_s)


def _meaning(name: str, data: dict[str, Any], payload: bytes) -> Sequence[Event]:
    match name:
        case "transcript":
            return (events.CallerText(str(data.get("text", ""))),)
        case "transcript-chunk":
            return (events.CallerText(str(data.get("text", "")), final=False),)
        case "handled" | "not-handled" | "synthesize":
            return (events.AgentText(str(data["text"])),) if data.get("text") else ()
        case "voice-started":
            return (events.CallerStarted(),)
        case "voice-stopped":
            return (events.CallerStopped(),)
        case "audio-chunk":
            return (_sound(data, payload),)
        case "audio-stop":
            return (events.ReplyEnd(),)
        case "error":
            return (events.Fault(str(data.get("code") or "target_error"), str(data.get("text") or "no message")),)
        case _:
            return ()


def _sound(data: dict[str, Any], payload: bytes) -> events.ReplySound:
    width, channels, rate_hz = int(data["width"]), int(data["channels"]), int(data["rate"])
    if width != _WIDTH_BYTES:
        raise InputError(f"audio with {width} bytes per sample is not supported; it must be 16-bit")
    return events.ReplySound(samples_clip(payload, rate_hz, channels))


def _header(line: bytes) -> dict[str, Any]:
    try:
        header = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"a line is not a Wyoming header: {shorten(line)}") from error
    if not isinstance(header, dict) or "type" not in header:
        raise InputError(f"a line is not a Wyoming header: {shorten(line)}")
    return header


def _size(header: dict[str, Any], key: str) -> int:
    size = header.get(key) or 0
    return size if isinstance(size, int) and size > 0 else 0
