"""The wire, towards the client: every event that the server sends, as docs/reference/protocol.md describes them."""

from __future__ import annotations

import json
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from server.messages import ChangeView, EntityView, ErrorCode, ToolCallView, UsageView
from voicelab.audio.encoder import ReplyFormat


class ServerEvent(BaseModel):
    """What the server sends; the fields are the event's data. A turn_id is left out for who did not ask for it."""

    model_config = ConfigDict(frozen=True)
    event: ClassVar[str]
    names_no_turn: ClassVar[bool] = False

    def frame(self) -> str:
        """The text frame."""
        data = self.model_dump(mode="json")
        if data.get("turn_id", "") is None and not self.names_no_turn:
            del data["turn_id"]
        return json.dumps({"event": self.event, "data": data}, ensure_ascii=False)


class TurnEvent(ServerEvent):
    """An event of one turn."""

    session_id: str
    turn_id: str | None = None


class SessionStart(ServerEvent):
    """The session is open."""

    event = "session_start"
    session_id: str
    user_id: str


class PartialTranscription(TurnEvent):
    """What has been heard so far; it may still change."""

    event = "partial_transcription"
    text: str


class SpeechStarted(TurnEvent):
    """Somebody speaks to the agent. at_s: where in the stream of sound the speech began."""

    event = "speech_started"
    at_s: float


class SpeechStopped(TurnEvent):
    """They are done, and are answered. at_s: where their last speech ended; silence_s: how long was waited since."""

    event = "speech_stopped"
    at_s: float
    silence_s: float


class NoSpeechDetected(ServerEvent):
    """Sound has come, and no speech was found in it. at_s: where in the stream; level_dbfs: its root mean square."""

    event = "no_speech_detected"
    at_s: float
    level_dbfs: float
    session_id: str


class Transcription(TurnEvent):
    """What was heard."""

    event = "transcription"
    text: str


class AgentResponse(TurnEvent):
    """What is answered, as text."""

    event = "agent_response"
    text: str
    intent: str
    entities: list[EntityView]


class ReplyChunk(TurnEvent):
    """A piece of the answer as sound."""

    event = "audio_chunk"
    audio_chunk: str
    format: ReplyFormat
    is_final: bool


class TurnMetrics(TurnEvent):
    """Stage times of a turn in seconds; null where it did not reach the stage (voicelab.pipeline.turn.StageTimes)."""

    event = "turn_metrics"
    audio_s: float | None
    undecoded_s: float | None
    decode_s: float | None
    asr_s: float | None
    asr_busy_s: float | None
    agent_s: float | None
    agent_first_s: float | None
    agent_text_s: float | None
    tts_first_s: float | None
    tts_s: float | None
    encode_s: float | None
    reply_audio_s: float | None
    candidates: list[EntityView]
    tool_calls: list[ToolCallView]
    changes: list[ChangeView]
    usage: UsageView | None


class Interrupted(ServerEvent):
    """The answer to an interrupt; all but session_id are null when no reply was made or heard.

    stop_ms: from the interrupt's arrival until nothing more of the reply could leave. said: what was heard of the
    reply. changes: what became of what the reply promised; null when it promised nothing.
    """

    event = "interrupted"
    names_no_turn = True
    session_id: str | None
    turn_id: str | None = None
    stop_ms: float | None = None
    said: str | None = None
    changes: Literal["done", "cancelled"] | None = None


class ErrorEvent(ServerEvent):
    """A message or a turn failed."""

    event = "error"
    code: ErrorCode
    message: str
    session_id: str | None
    turn_id: str | None = None


class Pulse(ServerEvent):
    """The answer to a heartbeat."""

    event = "heartbeat"
    session_id: str | None
