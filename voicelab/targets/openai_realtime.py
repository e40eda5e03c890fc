"""OpenAI Realtime over a WebSocket: the GA protocol, and the beta protocol that some servers still use.

Azure OpenAI, xAI, LocalAI, LiteLLM, vLLM-omni, Hugging Face speech-to-speech and others use the same protocol.
Source: OpenAI's API reference, "Realtime: client events" and "Realtime: server events".
"""

from __future__ import annotations

import base64
import json
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.engines.options import check_choice
from voicelab.targets.base import SPEECH_TO_SPEECH
from voicelab.targets.realtime_session import FORMATS, TURN_DETECTION, read_tools, session_fields
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import SoundDecoder, SoundEncoder
from voicelab.targets.streaming.target import StreamTarget
from voicelab.targets.streaming.transport import Transport, WebSocket, bearer
from voicelab.targets.streaming.wire import Reading, Wire, first_text, read_arguments, read_object

BETA_NAMES: Mapping[str, str] = {
    "response.audio.delta": "response.output_audio.delta",
    "response.audio.done": "response.output_audio.done",
    "response.audio_transcript.delta": "response.output_audio_transcript.delta",
    "response.audio_transcript.done": "response.output_audio_transcript.done",
    "response.text.delta": "response.output_text.delta",
    "response.text.done": "response.output_text.done",
    "conversation.item.created": "conversation.item.added",
}
"""Beta names of server events and their GA names. Both are accepted, whichever version is set."""

_HARMLESS = frozenset({"response_cancel_not_active", "conversation_already_has_active_response"})
"""Errors that only mean that a message of ours and one of the target crossed in transit."""
_IDS_KEPT = 64


class RealtimeWire(Wire):
    """The events of one conversation."""

    waits_for_ready = True
    marks_end = True

    def __init__(self, target: OpenAIRealtime) -> None:
        self._target = target
        self.send_format = FORMATS[target.encoding]
        self.continuous = target.turn_detection != "none"
        self._encoder = SoundEncoder(self.send_format)
        self._decoder = SoundDecoder(self.send_format)
        self._responding = False
        self._calls: list[str] = []
        self._noted_calls: set[str] = set()
        self._speaking_item: tuple[str, int] | None = None
        self._sound_s, self._item_start_s = 0.0, 0.0
        self._heard: dict[str, str] = {}
        self._last_ids: deque[str] = deque(maxlen=_IDS_KEPT)

    def read(self, frame: Frame) -> Reading:
        message = read_object(frame)
        sent_as = str(message.get("type", "a message without a type"))
        name = BETA_NAMES.get(sent_as, sent_as)
        if self._is_repeated(message.get("event_id")):
            return Reading(sent_as)
        reader = _READERS.get(name)
        found = tuple(reader(self, message)) if reader is not None else ()
        return Reading(sent_as, found, first_text(found))

    def _is_repeated(self, event_id: Any) -> bool:
        """Return whether an event with this id has just arrived. Events without an id never count as repeated."""
        if not isinstance(event_id, str) or not event_id:
            return False
        if event_id in self._last_ids:
            return True
        self._last_ids.append(event_id)
        return False

    def sound(self, clip: Clip) -> Sequence[Frame]:
        payload = base64.b64encode(self._encoder.encode(clip)).decode()
        return (_event("input_audio_buffer.append", audio=payload),)

    def begin_turn(self) -> None:
        self._sound_s, self._speaking_item = 0.0, None

    def end_of_utterance(self) -> Sequence[Frame]:
        if self.continuous:
            return ()
        return (_event("input_audio_buffer.commit"), _event("response.create"))

    def cancel(self) -> Sequence[Frame]:
        """Without turn detection, the server does not notice interruptions."""
        return (_event("response.cancel"),) if self._responding and not self.continuous else ()

    def interrupted(self, played_s: float) -> Sequence[Frame]:
        if self._speaking_item is None:
            return ()
        item_id, index = self._speaking_item
        self._speaking_item = None
        end_ms = max(0, int(1000 * (played_s - self._item_start_s)))
        return (_event("conversation.item.truncate", item_id=item_id, content_index=index, audio_end_ms=end_ms),)

    def _created(self, message: dict[str, Any]) -> Sequence[Event]:
        if not self._target.configure:
            return (events.Ready(),)
        return (events.MessagesToSend((_event("session.update", session=session_fields(self._target)),)),)

    def _speech_started(self, message: dict[str, Any]) -> Sequence[Event]:
        if self._speaking_item is not None and self.continuous:
            return (events.CallerStarted(), events.ReplyInterrupted())
        return (events.CallerStarted(),)

    def _heard_delta(self, message: dict[str, Any]) -> Sequence[Event]:
        item = str(message.get("item_id", ""))
        self._heard[item] = self._heard.get(item, "") + str(message.get("delta") or "")
        return (events.CallerText(self._heard[item], final=False),)

    def _heard_all(self, message: dict[str, Any]) -> Sequence[Event]:
        self._heard.pop(str(message.get("item_id", "")), None)
        return (events.CallerText(str(message["transcript"])),)

    def _heard_nothing(self, message: dict[str, Any]) -> Sequence[Event]:
        return (events.Fault(*_error(message.get("error")), fatal=False),)

    def _response_created(self, message: dict[str, Any]) -> Sequence[Event]:
        self._responding = True
        return (events.ReplyContinues(),)

    def _audio_delta(self, message: dict[str, Any]) -> Sequence[Event]:
        clip = self._decoder.decode(base64.b64decode(message["delta"], validate=True))
        item = (str(message.get("item_id", "")), int(message.get("content_index") or 0))
        if item != self._speaking_item:
            self._speaking_item, self._item_start_s = item, self._sound_s
        self._sound_s += clip.duration_s
        return (events.ReplySound(clip),)

    def _text_delta(self, message: dict[str, Any]) -> Sequence[Event]:
        return (events.AgentText(str(message["delta"]), delta=True),)

    def _text_done(self, message: dict[str, Any]) -> Sequence[Event]:
        return (events.AgentText(str(message.get("transcript", message.get("text", "")))),)

    def _arguments_done(self, message: dict[str, Any]) -> Sequence[Event]:
        return self._call(message) if message.get("name") else ()

    def _item_done(self, message: dict[str, Any]) -> Sequence[Event]:
        item = message.get("item") or {}
        return self._call(item) if item.get("type") == "function_call" else ()

    def _call(self, call: dict[str, Any]) -> Sequence[Event]:
        call_id = str(call.get("call_id", ""))
        if call_id in self._noted_calls:
            return ()
        self._noted_calls.add(call_id)
        self._calls.append(call_id)
        return (events.AgentToolCall(str(call.get("name", "")), read_arguments(call.get("arguments")), call_id),)

    def _response_done(self, message: dict[str, Any]) -> Sequence[Event]:
        self._responding = False
        response = message.get("response") or {}
        found = [event for item in response.get("output") or [] for event in self._item_done({"item": item})]
        status = response.get("status")
        if status == "failed":
            details = response.get("status_details") or {}
            return (*found, events.Fault(*_error(details.get("error"))))
        calls, self._calls = self._calls, []
        if calls and status != "cancelled":
            return (*found, events.MessagesToSend(self._tool_outputs(calls)), events.ReplyContinues())
        return (*found, events.ReplyEnd(cancelled=status == "cancelled"))

    def _tool_outputs(self, calls: Sequence[str]) -> tuple[Frame, ...]:
        """Answer every tool call, then request the rest of the reply: tools run on the client."""
        outputs = [
            {"type": "function_call_output", "call_id": call_id, "output": self._target.tool_output}
            for call_id in calls
        ]
        return (*(_event("conversation.item.create", item=item) for item in outputs), _event("response.create"))

    def _failed(self, message: dict[str, Any]) -> Sequence[Event]:
        error = message.get("error")
        code, text = _error(error)
        harmless = code in _HARMLESS or self._responding
        by_us = isinstance(error, dict) and error.get("type") == "invalid_request_error"
        return (events.Fault(code, text, fatal=not harmless, harness=by_us),)


_READERS: Mapping[str, Callable[[RealtimeWire, dict[str, Any]], Sequence[Event]]] = {
    "session.created": RealtimeWire._created,
    "session.updated": lambda wire, message: (events.Ready(),),
    "input_audio_buffer.speech_started": RealtimeWire._speech_started,
    "input_audio_buffer.speech_stopped": lambda wire, message: (events.CallerStopped(),),
    "conversation.item.input_audio_transcription.delta": RealtimeWire._heard_delta,
    "conversation.item.input_audio_transcription.completed": RealtimeWire._heard_all,
    "conversation.item.input_audio_transcription.failed": RealtimeWire._heard_nothing,
    "response.created": RealtimeWire._response_created,
    "response.output_audio.delta": RealtimeWire._audio_delta,
    "response.output_audio_transcript.delta": RealtimeWire._text_delta,
    "response.output_audio_transcript.done": RealtimeWire._text_done,
    "response.output_text.delta": RealtimeWire._text_delta,
    "response.output_text.done": RealtimeWire._text_done,
    "response.function_call_arguments.done": RealtimeWire._arguments_done,
    "response.output_item.done": RealtimeWire._item_done,
    "response.done": RealtimeWire._response_done,
    "error": RealtimeWire._failed,
}
"""The meaning of each server event, by its GA name. Other events do not matter for a measurement."""


@dataclass(eq=False, repr=False)
class OpenAIRealtime(StreamTarget):
    """OpenAI Realtime and compatible servers.

    url: ws:// or wss:// URL. model: added to the URL as ?model=. key_env: the environment variable with the API key,
    sent as a bearer token if it is set. version: ga or beta. encoding: pcm16 (24 kHz), mulaw or alaw (8 kHz), in both
    directions. turn_detection: server_vad, semantic_vad, or none; with none, voicelab commits each utterance. voice,
    instructions, transcription (a model): fields of the session. tools: a JSON file with the session's tools;
    tool_output: the answer to every call. configure: `no` keeps the server's default session. ready_s, greeting_s: see
    `StreamTarget`.
    """

    capabilities = SPEECH_TO_SPEECH

    url: str = "wss://api.openai.com/v1/realtime"
    model: str | None = None
    key_env: str = "OPENAI_API_KEY"
    version: str = "ga"
    encoding: str = "pcm16"
    turn_detection: str = "server_vad"
    voice: str | None = None
    instructions: str | None = None
    transcription: str | None = "whisper-1"
    tools: str | None = None
    tool_output: str = "{}"
    configure: bool = True
    # Not an option, because each response ends with a message.
    quiet_s: float = field(default=1.5, init=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_choice("version", self.version, ("ga", "beta"))
        check_choice("encoding", self.encoding, tuple(FORMATS))
        check_choice("turn_detection", self.turn_detection, TURN_DETECTION)
        self.functions = read_tools(self.tools) if self.tools else ()
        self.unpaced = self.turn_detection == "none"
        self.capabilities = replace(
            self.capabilities,
            caller_transcript=bool(self.transcription),
            partial_transcript=bool(self.transcription),
            turn_detection=not self.unpaced,
        )

    def wire(self, user_id: str) -> Wire:
        return RealtimeWire(self)

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        headers = bearer(self.key_env, is_required=False)
        if self.version == "beta":
            headers["OpenAI-Beta"] = "realtime=v1"
        url = f"{self.url}{'&' if '?' in self.url else '?'}model={self.model}" if self.model else self.url
        return await WebSocket.connect(url, headers=headers, timeout_s=timeout_s)


def _event(name: str, **fields: Any) -> str:
    return json.dumps({"type": name, **fields})


def _error(error: Any) -> tuple[str, str]:
    """Return code and message of an error object, with defaults for missing fields."""
    if not isinstance(error, dict):
        return "target_error", str(error or "the target reported an error without a message")
    code = error.get("code") or error.get("type") or "target_error"
    return str(code), str(error.get("message") or code)
