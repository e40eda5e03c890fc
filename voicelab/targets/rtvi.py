"""pipecat bots over a WebSocket: RTVI messages as JSON, or in pipecat's protobuf frames with binary audio.

Source: the RTVI standard (docs.pipecat.ai, "The RTVI standard") and pipecat's serializers.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.audio.pipecat_frames import decode_frame, encode_frame
from voicelab.engines.options import check_choice
from voicelab.targets.base import SPEECH_TO_SPEECH, Capabilities
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import pcm16_format, samples_clip
from voicelab.targets.streaming.target import StreamTarget
from voicelab.targets.streaming.transport import Transport, WebSocket, bearer
from voicelab.targets.streaming.wire import Reading, Wire, read_arguments, read_object

_LABEL = "rtvi-ai"


class RTVIWire(Wire):
    """The messages of one conversation with a bot. handshake: send client-ready and wait for bot-ready."""

    def __init__(self, bot: RTVI) -> None:
        self._bot = bot
        self.send_format = bot.send_format
        self.waits_for_ready = self.marks_end = bot.handshake
        self._ids = count(1)
        self._text_kind: str | None = None
        self._heard_kind: str | None = None

    def opening(self) -> Sequence[Frame]:
        if not self._bot.handshake:
            return ()
        about = {"library": "voicelab"}
        return (self._message("client-ready", {"version": self._bot.version, "about": about}),)

    def sound(self, clip: Clip) -> Sequence[Frame]:
        data, rate_hz = clip.to_pcm16(), clip.rate_hz
        if self._bot.format == "protobuf":
            return (encode_frame("audio", audio=data, sample_rate=rate_hz, num_channels=1),)
        sound = {"base64Audio": base64.b64encode(data).decode(), "sampleRate": rate_hz, "numChannels": 1}
        return (self._message("raw-audio", sound),)

    def begin_turn(self) -> None:
        self._text_kind = self._heard_kind = None

    def read(self, frame: Frame) -> Reading:
        if isinstance(frame, str):
            return self._read_message(read_object(frame))
        kind, fields = decode_frame(frame)
        if kind == "message":
            return self._read_message(read_object(fields["data"]))
        if kind == "audio":
            clip = samples_clip(fields["audio"], fields["sample_rate"], fields["num_channels"])
            return Reading("audio", (events.ReplySound(clip),))
        if kind == "interruption":
            return Reading("interruption", (events.ReplyInterrupted(),))
        if kind == "transcription":
            return Reading("transcription", tuple(self._heard("frame", fields["text"], final=True)), fields["text"])
        return Reading("text", tuple(self._text("frame", fields["text"], delta=True)), fields["text"])

    def _read_message(self, message: dict[str, Any]) -> Reading:
        name = str(message.get("type", "a message without a type"))
        if message.get("label") != _LABEL:
            return Reading(name)
        data = message.get("data") or {}
        reader = _READERS.get(name)
        found = tuple(reader(self, data)) if reader is not None else ()
        text = data.get("text") or data.get("error") if isinstance(data, dict) else None
        return Reading(name, found, str(text) if text else None)

    def _message(self, name: str, data: Mapping[str, Any]) -> Frame:
        text = json.dumps({"label": _LABEL, "type": name, "id": str(next(self._ids)), "data": dict(data)})
        return encode_frame("message", data=text) if self._bot.format == "protobuf" else text

    def _heard(self, kind: str, text: str, *, final: bool) -> Sequence[Event]:
        """Return the transcript. Bots send it in several kinds of messages; the first kind in a turn counts."""
        self._heard_kind = self._heard_kind or kind
        return (events.CallerText(text, final=final),) if self._heard_kind == kind else ()

    def _text(self, kind: str, text: str, *, delta: bool) -> Sequence[Event]:
        """Return the reply's text. Bots send it in several kinds of messages; the first kind in a turn counts."""
        self._text_kind = self._text_kind or kind
        return (events.AgentText(text, delta=delta),) if self._text_kind == kind else ()

    def _user_transcription(self, data: dict[str, Any]) -> Sequence[Event]:
        return self._heard("user-transcription", str(data["text"]), final=bool(data.get("final", True)))

    def _tool_call(self, data: dict[str, Any]) -> Sequence[Event]:
        arguments = read_arguments(data.get("arguments", data.get("args")))
        return (
            events.AgentToolCall(str(data.get("function_name") or ""), arguments, str(data.get("tool_call_id", ""))),
        )

    def _tts_audio(self, data: dict[str, Any]) -> Sequence[Event]:
        """Return audio in JSON; with protobuf frames, it would arrive twice."""
        if self._bot.format == "protobuf":
            return ()
        sound = base64.b64decode(data.get("audio") or data["base64Audio"], validate=True)
        rate_hz = data.get("sample_rate") or data["sampleRate"]
        channels = int(data.get("num_channels") or data.get("numChannels") or 1)
        return (events.ReplySound(samples_clip(sound, int(rate_hz), channels)),)

    def _fault(self, data: dict[str, Any], *, harness: bool = False) -> Sequence[Event]:
        fatal = bool(data.get("fatal")) and not harness
        return (events.Fault("target_error", str(data.get("error") or "no message"), fatal=fatal, harness=harness),)


_READERS: Mapping[str, Callable[[RTVIWire, dict[str, Any]], Sequence[Event]]] = {
    "bot-ready": lambda wire, data: (events.Ready(),),
    "user-started-speaking": lambda wire, data: (events.CallerStarted(),),
    "user-stopped-speaking": lambda wire, data: (events.CallerStopped(),),
    "user-transcription": RTVIWire._user_transcription,
    "user-input": lambda wire, data: wire._heard("user-input", str(data["text"]), final=True),
    "bot-llm-started": lambda wire, data: (events.ReplyContinues(),),
    "bot-llm-text": lambda wire, data: wire._text("bot-llm-text", str(data["text"]), delta=True),
    "bot-tts-text": lambda wire, data: wire._text("bot-tts-text", str(data["text"]), delta=False),
    "bot-transcription": lambda wire, data: wire._text("bot-transcription", str(data["text"]), delta=False),
    "bot-started-speaking": lambda wire, data: (events.ReplyContinues(),),
    "bot-stopped-speaking": lambda wire, data: (events.ReplyEnd(),),
    "bot-interrupted": lambda wire, data: (events.ReplyInterrupted(),),
    "bot-tts-audio": RTVIWire._tts_audio,
    "raw-audio": RTVIWire._tts_audio,
    "llm-function-call": RTVIWire._tool_call,
    "llm-function-call-in-progress": RTVIWire._tool_call,
    "error": RTVIWire._fault,
    "error-response": lambda wire, data: wire._fault(data, harness=True),
}


@dataclass(eq=False, repr=False)
class RTVI(StreamTarget):
    """A pipecat bot.

    url: the bot's ws:// or wss:// URL. format: protobuf (pipecat's WebSocket transports) or json. rate_hz: sample rate
    of the caller's audio. version: the RTVI version to announce. handshake: `no` for bots without an RTVI processor,
    which send only audio. key_env: an environment variable whose value is sent as a bearer token. ready_s, greeting_s,
    quiet_s: see `StreamTarget`.
    """

    capabilities = SPEECH_TO_SPEECH

    url: str
    format: str = "protobuf"
    rate_hz: int = 16_000
    version: str = "1.2.0"
    handshake: bool = True
    key_env: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("format", self.format, ("protobuf", "json"))
        self.send_format = pcm16_format(self.rate_hz)
        if not self.handshake:
            self.capabilities = Capabilities(turn_detection=True, interruption=True)

    def wire(self, user_id: str) -> Wire:
        return RTVIWire(self)

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        return await WebSocket.connect(self.url, headers=bearer(self.key_env), timeout_s=timeout_s)
