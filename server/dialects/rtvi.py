"""RTVI, the protocol of Pipecat's clients and of `pipecat eval`: JSON messages, with audio in `raw-audio`.

Pipecat's WebSocket transports send the same messages in protobuf frames, with separate audio frames. A client that
sends binary frames is answered in them.

Source: pipecat.processors.frameworks.rtvi.models of pipecat-ai 1.x. Replies are sent as `bot-tts-audio`, and also as
`eval-bot-audio` if an evaluation requests it (pipecat.evals.serializer).
"""

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from server import outgoing
from server.dialects.base import Dialect, Frame, Received, created, new_id, write_json
from server.frames import FrameLimits, read_json
from server.messages import AudioChunk, ErrorCode, Init, Interrupt, Notice, Refused, TypedText
from server.services import version
from voicelab.audio.pipecat_frames import decode_frame, encode_frame
from voicelab.errors import InputError

LABEL = "rtvi-ai"
PROTOCOL_VERSION = "2.0.0"
REPLY_RATE_HZ = 24_000
_MOST_PIECES = 64


class RtviDialect(Dialect):
    """Translator of one connection. The session starts with the client's first audio or text."""

    def __init__(self, limits: FrameLimits, user_id: str = "") -> None:
        self._limits = limits
        self._user_id = user_id
        self._has_begun = False
        self._is_silent = False
        self._sends_eval_audio = False
        self._is_answering = False
        self._speaks = False
        self._is_binary = False

    def read(self, frame: Frame) -> Received:
        if isinstance(frame, str):
            return self._read_message(frame)
        self._is_binary = True
        kind, fields = _decoded(frame, self._limits)
        if kind == "audio":
            sound = base64.b64encode(fields["audio"]).decode()
            data = {"base64Audio": sound, "sampleRate": fields["sample_rate"], "numChannels": fields["num_channels"]}
            return Received((*self._begin(), *_chunks(data)))
        if kind != "message":
            raise Refused(ErrorCode.UNKNOWN_EVENT, f"this server does not support the pipecat frame {kind!r}")
        received = self._read_message(fields["data"])
        return Received(received.events, tuple(self._framed(answer) for answer in received.answers))

    def _read_message(self, frame: Frame) -> Received:
        message = read_json(frame, self._limits, "base64Audio")
        if message.get("label") != LABEL:
            raise Refused(ErrorCode.BAD_MESSAGE, f"label: expected {LABEL!r}, as in every RTVI message")
        data = message.get("data") or {}
        if not isinstance(data, dict):
            raise Refused(ErrorCode.BAD_MESSAGE, "data: expected an object")
        name, number = message.get("type"), message.get("id")
        match name:
            case "client-ready":
                about = {"library": "voicelab", "library_version": version()}
                return _answer("bot-ready", number, {"version": PROTOCOL_VERSION, "about": about})
            case "raw-audio" | "raw-audio-batch":
                return Received((*self._begin(), *_chunks(data)))
            case "send-text":
                return Received((*self._begin(), _text(data)))
            case "client-message":
                return self._client_message(data, number)
            case "disconnect-bot":
                return Received((Interrupt(),))
            case _:
                refusal = f"this server does not support the RTVI message {str(name)[:40]!r}"
                raise Refused(ErrorCode.UNKNOWN_EVENT, refusal)

    def write(self, event: outgoing.ServerEvent) -> Sequence[Frame]:
        frames = self._written(event)
        if not self._is_binary:
            return frames
        framed = [self._framed(frame) for frame in frames]
        is_interruption = isinstance(event, outgoing.Interrupted) and bool(frames)
        return [encode_frame("interruption"), *framed] if is_interruption else framed

    def _framed(self, frame: Frame) -> Frame:
        """A message as a protobuf frame; audio frames are that already."""
        return encode_frame("message", data=frame) if isinstance(frame, str) else frame

    def _written(self, event: outgoing.ServerEvent) -> Sequence[Frame]:
        match event:
            case outgoing.SpeechStarted():
                return [_message("user-started-speaking")]
            case outgoing.SpeechStopped():
                return [_message("user-stopped-speaking")]
            case outgoing.PartialTranscription():
                return self._transcribed(event.text, final=False)
            case outgoing.Transcription():
                return self._transcribed(event.text, final=True)
            case outgoing.AgentResponse():
                return self._answered(event.text)
            case outgoing.ReplyChunk():
                return self._spoken(event)
            case outgoing.Interrupted() if event.turn_id is not None:
                return [_message("bot-interrupted"), *self._end_reply()]
            case outgoing.ErrorEvent():
                about = {"error": f"{event.code}: {event.message}", "fatal": event.code.closes}
                return [*self._end_reply(), _message("error", about)]
            case _:
                return []

    # From the client.

    def _begin(self) -> tuple[Init, ...]:
        if self._has_begun:
            return ()
        self._has_begun = True
        notices: list[Notice] = ["speech_started", "speech_stopped", "partial_transcription"]
        # No pacing for clients that do not play the reply.
        form: dict[str, Any] = {"audio_format": "pcm16", "sample_rate": REPLY_RATE_HZ, "paced": not self._is_silent}
        return (Init(mode="continuous", turn_ids=True, events=notices, **form),)

    def _client_message(self, data: dict[str, Any], number: Any) -> Received:
        name, payload = data.get("t"), data.get("d")
        match name:
            case "eval-connect" if isinstance(payload, dict):
                self._is_silent = payload.get("skip_tts") is True
                self._sends_eval_audio = payload.get("capture_bot_audio") is True
                return Received()
            case "eval-configure":
                return Received()
            case "eval-cancel":
                return Received((Interrupt(),))
        problem = f"this server does not support the client message {str(name)[:40]!r}"
        return _answer("error-response", number, {"error": problem})

    # To the client.

    def _transcribed(self, text: str, *, final: bool) -> list[Frame]:
        about = {"text": text, "timestamp": datetime.now(UTC).isoformat(), "final": final}
        return [
            _message("user-transcription", {**about, "user_id": self._user_id}),
            _message("user-input", {**about, "input_type": "transcription", "user_id": self._user_id}),
        ]

    def _answered(self, text: str) -> list[Frame]:
        form = {"output_type": "sentence", "aggregated_by": "sentence"}
        spoken = {"text": text, **form, "will_be_spoken": not self._is_silent, "spoken_status": "new"}
        written: list[Frame] = [
            _message("bot-llm-started"),
            _message("bot-llm-text", {"text": text}),
            _message("bot-llm-stopped"),
            _message("bot-output", spoken),
        ]
        if self._is_silent:
            return written
        return [*written, *self._start_reply(), _message("bot-tts-text", {"text": text})]

    def _start_reply(self) -> list[Frame]:
        if self._is_answering:
            return []
        self._is_answering = True
        return [_message("bot-tts-started")]

    def _spoken(self, chunk: outgoing.ReplyChunk) -> list[Frame]:
        if self._is_silent:
            return []
        frames = self._start_reply()
        if chunk.audio_chunk:
            if not self._speaks:
                self._speaks = True
                frames.append(_message("bot-started-speaking"))
            frames.append(self._sound(chunk.audio_chunk))
            if self._sends_eval_audio:
                frames.append(_message("eval-bot-audio", {"audio": chunk.audio_chunk, "sampleRate": REPLY_RATE_HZ}))
        return [*frames, *(self._end_reply() if chunk.is_final else [])]

    def _sound(self, coded: str) -> Frame:
        about = {"sample_rate": REPLY_RATE_HZ, "num_channels": 1}
        if self._is_binary:
            return encode_frame("audio", audio=base64.b64decode(coded), **about)
        return _message("bot-tts-audio", {"audio": coded, **about})

    def _end_reply(self) -> list[Frame]:
        frames: list[Frame] = [_message("bot-tts-stopped")] if self._is_answering else []
        if self._speaks:
            frames.append(_message("bot-stopped-speaking"))
        self._is_answering = self._speaks = False
        return frames


def _message(kind: str, data: dict[str, Any] | None = None) -> str:
    return write_json({"label": LABEL, "type": kind} | ({} if data is None else {"data": data}))


def _answer(kind: str, number: Any, data: dict[str, Any]) -> Received:
    """Answer a client's message, repeating its id."""
    answer = {"label": LABEL, "type": kind, "id": str(number or new_id("msg")), "data": data}
    return Received(answers=(write_json(answer),))


def _decoded(frame: bytes, limits: FrameLimits) -> tuple[str, dict[str, Any]]:
    """Return kind and fields of a protobuf frame. Raises Refused if it is invalid or too large."""
    if len(frame) > limits.message_bytes:
        most = f"at most {limits.message_bytes} are accepted: send smaller pieces"
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, f"the frame holds {len(frame)} bytes; {most}")
    try:
        return decode_frame(frame)
    except InputError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, f"{error}; send RTVI messages as JSON or in pipecat frames") from error


def _chunks(data: dict[str, Any]) -> tuple[AudioChunk, ...]:
    """Return the audio of a raw-audio message, or of each piece of a batch."""
    pieces = data.get("base64AudioBatch", [data.get("base64Audio")])
    if not isinstance(pieces, list) or len(pieces) > _MOST_PIECES:
        raise Refused(ErrorCode.BAD_MESSAGE, f"base64AudioBatch: expected a list of at most {_MOST_PIECES} pieces")
    if data.get("numChannels", 1) != 1:
        raise Refused(ErrorCode.BAD_AUDIO, "numChannels: expected 1; mix the audio to mono first")
    refusal = "raw-audio: expected base64Audio (16-bit samples as base64) and sampleRate (4000 to 192000)"
    form = {"is_final": False, "format": "pcm16", "sample_rate": data.get("sampleRate")}
    return tuple(created(AudioChunk, refusal, audio_chunk=piece, **form) for piece in pieces)


def _text(data: dict[str, Any]) -> TypedText:
    try:
        return TypedText(text=data.get("content"))  # type: ignore[arg-type]
    except ValidationError as error:
        raise Refused(ErrorCode.BAD_MESSAGE, f"send-text: content: {error.errors()[0]['msg']}") from error
