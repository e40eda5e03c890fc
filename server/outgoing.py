"""Server events of the protocol in docs/reference/protocol.md."""

import json
from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from server.messages import ErrorCode
from voicelab.agent.base import Entity, ToolCall, Usage, WatchlistChange
from voicelab.audio.encoder import ReplyFormat
from voicelab.pipeline.stage_times import StageTimes


class ServerEvent(BaseModel):
    """Base of the server events; the fields are the event's data. turn_id is omitted unless the client requested it."""

    model_config = ConfigDict(frozen=True, revalidate_instances="always")
    event: ClassVar[str]
    names_no_turn: ClassVar[bool] = False

    def frame(self) -> str:
        """Return the event as a text frame."""
        data = self.model_dump(mode="json")
        if data.get("turn_id", "") is None and not self.names_no_turn:
            del data["turn_id"]
        return json.dumps({"event": self.event, "data": data}, ensure_ascii=False)


class TurnEvent(ServerEvent):
    """An event of one turn."""

    session_id: str
    turn_id: str | None = None


class SessionStart(ServerEvent):
    """The session has started or resumed."""

    event = "session_start"
    session_id: str
    user_id: str


class PartialTranscription(TurnEvent):
    """The transcript so far, which may still change."""

    event = "partial_transcription"
    text: str


class SpeechStarted(TurnEvent):
    """The user started to speak. at_s: start of the speech, in seconds of the audio stream."""

    event = "speech_started"
    at_s: float


class SpeechStopped(TurnEvent):
    """The user stopped speaking. at_s: end of the speech, in seconds of the stream. silence_s: silence since then."""

    event = "speech_stopped"
    at_s: float
    silence_s: float


class NoSpeechDetected(ServerEvent):
    """The stream has sound but no speech. at_s: position in the stream. level_dbfs: root mean square of the sound."""

    event = "no_speech_detected"
    at_s: float
    level_dbfs: float
    session_id: str


class Transcription(TurnEvent):
    """The final transcript."""

    event = "transcription"
    text: str


class AgentResponse(TurnEvent):
    """The agent's reply as text."""

    event = "agent_response"
    text: str
    intent: str
    entities: tuple[Entity, ...]


class ReplyChunk(TurnEvent):
    """A chunk of the spoken reply."""

    event = "audio_chunk"
    audio_chunk: str
    format: ReplyFormat
    is_final: bool


class TurnMetrics(TurnEvent, StageTimes):
    """Stage times of a turn in seconds; null for stages it did not reach."""

    event = "turn_metrics"
    candidates: tuple[Entity, ...]
    tool_calls: tuple[ToolCall, ...]
    changes: tuple[WatchlistChange, ...]
    usage: Usage | None


class Interrupted(ServerEvent):
    """The answer to an interrupt. All fields but session_id are null when there was no reply to stop.

    stop_ms: from the arrival of the interrupt until no more of the reply could be sent. said: the part of the reply
    that the user heard. changes: whether the reply's changes to the watchlist were made; null without changes.
    """

    event = "interrupted"
    names_no_turn = True
    session_id: str | None
    turn_id: str | None = None
    stop_ms: float | None = None
    said: str | None = None
    changes: Literal["done", "cancelled"] | None = None


class ErrorEvent(ServerEvent):
    """An error of a message or a turn."""

    event = "error"
    code: ErrorCode
    message: str
    session_id: str | None
    turn_id: str | None = None


class Pulse(ServerEvent):
    """The answer to a heartbeat."""

    event = "heartbeat"
    session_id: str | None
