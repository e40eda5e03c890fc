"""The wire: every event that a client may send and the server may answer, as docs/protocol.md describes them."""

from __future__ import annotations

import base64
import binascii
import json
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from voicelab.clip import SPEECH_RATE_HZ
from voicelab.wire import ReplyFormat

LONGEST_TEXT = 2000
"""The most characters of a typed turn: more than anyone says in one, few enough to answer at once."""


class ErrorCode(StrEnum):
    """The codes of the `error` event; `meaning` is what docs/protocol.md says about each."""

    meaning: str

    def __new__(cls, code: str, meaning: str) -> ErrorCode:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    BAD_JSON = "bad_json", "The frame is not JSON."
    BAD_MESSAGE = "bad_message", "The message has not the shape its event asks for, or comes where it cannot be taken."
    UNKNOWN_EVENT = "unknown_event", "No such client event; the message lists those there are."
    MESSAGE_TOO_LARGE = "message_too_large", "The frame holds more bytes than MAX_MESSAGE_BYTES."
    UNKNOWN_SESSION = "unknown_session", "This user has no session of that id; init without one begins another."
    ALREADY_INITIALIZED = "already_initialized", "The session has begun; open another connection for another session."
    BAD_BASE64 = "bad_base64", "The chunk's audio is not standard base64."
    BAD_AUDIO = "bad_audio", "The bytes of this turn cannot be decoded as audio."
    NO_AUDIO = "no_audio", "The turn ended with no audio in it."
    TURN_TOO_LONG = "turn_too_long", "The turn holds more seconds of sound than MAX_TURN_S."
    NO_SPEECH = "no_speech", "Nothing was heard in the audio of this turn."
    ENGINE_FAILED = "engine_failed", "A recognizer, agent or voice failed at this turn; send it again."
    FORBIDDEN = "forbidden", "The token is another user's."
    GOING_AWAY = "going_away", "The server ends; connect again, and take the session up where it was."
    INTERNAL_ERROR = "internal_error", "The server itself failed at this turn; its log says why."


class Refused(Exception):  # noqa: N818 - a refusal is an answer to the client, not a fault of ours
    """A message or a turn that gets an `error` event.

    chunk_is_final: for a refused audio_chunk, whether it is the last of its turn; None for other messages.
    """

    def __init__(self, code: ErrorCode, message: str, *, chunk_is_final: bool | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.chunk_is_final = chunk_is_final


class _ClientEvent(BaseModel):
    """Wrong types are refused; fields that we do not know are left alone, so that newer clients work."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Init(_ClientEvent):
    """Begins a session, or takes one up again."""

    user_id: str | None = None
    session_id: str | None = None
    audio_format: ReplyFormat = "opus"
    events: list[Literal["turn_metrics"]] = Field(default_factory=list)


class AudioChunk(_ClientEvent):
    """A piece of what the user says."""

    audio_chunk: str
    is_final: bool
    format: str = "opus"
    sample_rate: Annotated[int, Field(ge=8_000, le=48_000)] = SPEECH_RATE_HZ

    def data(self) -> bytes:
        """The bytes; Refused when they are not standard base64."""
        try:
            return base64.b64decode(self.audio_chunk, validate=True)
        except (binascii.Error, ValueError) as error:
            message = f"audio_chunk: audio_chunk is not standard base64 ({error})"
            raise Refused(ErrorCode.BAD_BASE64, message) from error


class TypedText(_ClientEvent):
    """A turn that is typed instead of spoken."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]


class Heartbeat(_ClientEvent):
    """Asks for nothing but an answer."""


ClientEvent = Init | AudioChunk | TypedText | Heartbeat
CLIENT_EVENTS: dict[str, type[ClientEvent]] = {
    "init": Init,
    "audio_chunk": AudioChunk,
    "text": TypedText,
    "heartbeat": Heartbeat,
}


def read(frame: str, *, most_bytes: int) -> ClientEvent:
    """The event in a text frame; Refused says what was expected and what came."""
    envelope = _envelope(frame)
    size = len(frame.encode())
    if size > most_bytes:
        message = f"the message holds {size} bytes; at most {most_bytes} are taken: send the audio in smaller chunks"
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, message, chunk_is_final=_chunk_is_final(envelope))
    if isinstance(envelope, Refused):
        raise envelope
    name, data = envelope
    if name not in CLIENT_EVENTS:
        known = ", ".join(CLIENT_EVENTS)
        raise Refused(ErrorCode.UNKNOWN_EVENT, f"{name!r} is no event that this server takes; known: {known}")
    try:
        return CLIENT_EVENTS[name].model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = f"{name}: {field}: {first['msg']}"
        raise Refused(ErrorCode.BAD_MESSAGE, message, chunk_is_final=_chunk_is_final(envelope)) from error


def _envelope(frame: str) -> tuple[str, dict[str, Any]] | Refused:
    """The event's name and its data, or why there are none."""
    try:
        message = json.loads(frame)
    except RecursionError:
        return Refused(ErrorCode.BAD_JSON, "the message is nested too deeply")
    except ValueError as error:
        return Refused(ErrorCode.BAD_JSON, f"the message is not JSON: {error}")
    if not isinstance(message, dict) or not isinstance(message.get("event"), str):
        expected = '{"event": <name>, "data": {...}}'
        return Refused(ErrorCode.BAD_MESSAGE, f"expected {expected}; the message has no event name")
    data = message.get("data")
    if data is None:
        data = {}
    if not isinstance(data, dict):
        return Refused(ErrorCode.BAD_MESSAGE, f"{message['event']}: data must be an object, not {type(data).__name__}")
    return message["event"], data


def _chunk_is_final(envelope: tuple[str, dict[str, Any]] | Refused) -> bool | None:
    """Whether a refused message was the last chunk of a turn; None when it was no chunk at all."""
    if isinstance(envelope, Refused) or envelope[0] != "audio_chunk":
        return None
    # Where is_final cannot be read the turn counts as over: waiting for an end that never comes would go on for ever.
    return envelope[1].get("is_final") is not False


class ServerEvent(BaseModel):
    """What the server sends; the fields are the event's data."""

    model_config = ConfigDict(frozen=True)
    event: ClassVar[str]

    def frame(self) -> str:
        """The text frame."""
        return json.dumps({"event": self.event, "data": self.model_dump(mode="json")}, ensure_ascii=False)


class SessionStart(ServerEvent):
    """The session is open."""

    event = "session_start"
    session_id: str
    user_id: str


class Transcription(ServerEvent):
    """What was heard."""

    event = "transcription"
    text: str
    session_id: str


class EntityView(BaseModel):
    """Something that was named: see voicelab.agent.base.Entity."""

    model_config = ConfigDict(from_attributes=True)
    kind: str
    value: str
    name: str
    heard: str
    score: float


class AgentResponse(ServerEvent):
    """What is answered, as text."""

    event = "agent_response"
    text: str
    intent: str
    entities: list[EntityView]
    session_id: str


class ReplyChunk(ServerEvent):
    """A piece of the answer as sound."""

    event = "audio_chunk"
    audio_chunk: str
    format: ReplyFormat
    is_final: bool
    session_id: str


class TurnMetrics(ServerEvent):
    """What the turn took; stage times in seconds, null where a stage was not reached (see voicelab.turn.StageTimes)."""

    event = "turn_metrics"
    audio_s: float | None
    decode_s: float | None
    asr_s: float | None
    asr_busy_s: float | None
    agent_s: float | None
    tts_first_s: float | None
    tts_s: float | None
    encode_s: float | None
    reply_audio_s: float | None
    candidates: list[EntityView]
    session_id: str


class Failure(ServerEvent):
    """A message or a turn failed; the connection goes on."""

    event = "error"
    code: ErrorCode
    message: str
    session_id: str | None


class Pulse(ServerEvent):
    """The answer to a heartbeat."""

    event = "heartbeat"
    session_id: str | None
