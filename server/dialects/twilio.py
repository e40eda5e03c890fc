"""Twilio Media Streams, with Twilio as the client: a telephone call as 8 kHz μ-law in both directions.

Source: Twilio's "Media Streams - WebSocket Messages". The protocol has no transcripts. A `mark` message follows each
reply, and Twilio echoes it after playing the reply.
"""

from collections.abc import Sequence
from typing import Any

from server.dialects.base import Dialect, Frame, Received, created, write_json
from server.frames import FrameLimits, read_json
from server.messages import AudioChunk, ErrorCode, Init, Refused
from server.outgoing import Interrupted, ReplyChunk, ServerEvent

_INIT = Init(mode="continuous", audio_format="mulaw", turn_ids=True)
_IGNORED = ("connected", "mark", "dtmf")


class TwilioDialect(Dialect):
    """Translator of one call."""

    def __init__(self, limits: FrameLimits) -> None:
        self._limits = limits
        self._stream_sid: str | None = None

    def read(self, frame: Frame) -> Received:
        message = read_json(frame, self._limits, "payload")
        match message.get("event"):
            case "start":
                self._stream_sid = self._start(message)
                return Received((_INIT,))
            case "media" if self._stream_sid is not None:
                return Received((_chunk(message),))
            case "media":
                raise Refused(ErrorCode.BAD_MESSAGE, "media arrived before start; send start first")
            case "stop":
                return Received((AudioChunk(audio_chunk="", is_final=True, format="mulaw"),))
            case name if name in _IGNORED:
                return Received()
            case name:
                raise Refused(ErrorCode.UNKNOWN_EVENT, f"{str(name)[:40]!r} is not a message of Twilio Media Streams")

    def write(self, event: ServerEvent) -> Sequence[Frame]:
        match event:
            case ReplyChunk():
                frames = []
                if event.audio_chunk:
                    frames.append(self._message("media", media={"payload": event.audio_chunk}))
                if event.is_final:
                    frames.append(self._message("mark", mark={"name": event.turn_id or "reply"}))
                return frames
            case Interrupted() if event.turn_id is not None:
                return [self._message("clear")]
            case _:
                return ()

    def _start(self, received: dict[str, Any]) -> str:
        start = received.get("start")
        form = start.get("mediaFormat", {}) if isinstance(start, dict) else {}
        encoding = form.get("encoding", "audio/x-mulaw") if isinstance(form, dict) else None
        rate = form.get("sampleRate", 8000) if isinstance(form, dict) else None
        if (encoding, rate) != ("audio/x-mulaw", 8000):
            message = f"start: mediaFormat {str(form)[:80]}: expected audio/x-mulaw at 8000 Hz"
            raise Refused(ErrorCode.BAD_MESSAGE, message)
        if self._stream_sid is not None:
            message = "start was sent twice; open another connection for another call"
            raise Refused(ErrorCode.ALREADY_INITIALIZED, message)
        sid = received.get("streamSid")
        if not isinstance(sid, str) or not 0 < len(sid) <= 100:
            raise Refused(ErrorCode.BAD_MESSAGE, "start: streamSid is missing or invalid; send 1 to 100 characters")
        return sid

    def _message(self, event: str, **fields: Any) -> str:
        return write_json({"event": event, "streamSid": self._stream_sid, **fields})


def _chunk(message: dict[str, Any]) -> AudioChunk:
    media = message.get("media")
    payload = media.get("payload") if isinstance(media, dict) else None
    refusal = "media: payload is missing or invalid; send μ-law bytes as base64"
    return created(AudioChunk, refusal, audio_chunk=payload, is_final=False, format="mulaw")
