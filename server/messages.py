"""Client events and error codes of the protocol in docs/reference/protocol.md. Server events are in outgoing.py."""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationInfo, field_validator, model_validator
from pydantic_core import PydanticCustomError

from voicelab.audio.encoder import SAMPLE_FORMATS, ReplyFormat, reply_rate_hz
from voicelab.audio.incoming import default_rate_hz

LONGEST_TEXT = 2000
"""Maximum number of characters in a typed turn."""

MOST_JSON_BYTES = 65_536
"""Default of MAX_JSON_BYTES: maximum size of a JSON body, or of an event without its audio."""


class ErrorCode(StrEnum):
    """The codes of the `error` event.

    meaning: description in docs/reference/protocol.md. setting: the setting of the limit behind the error, or "".
    closes: whether the server then closes the connection (close code 1008).
    """

    meaning: str
    setting: str
    closes: bool

    def __new__(cls, code: str, meaning: str, setting: str = "", closes: bool = False) -> ErrorCode:
        member = str.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.setting = setting
        member.closes = closes
        return member

    BAD_JSON = "bad_json", "The frame is not JSON."
    BAD_MESSAGE = "bad_message", "The message does not match its event's schema, or is not allowed at this point."
    UNKNOWN_EVENT = "unknown_event", "There is no such client event; the message lists the known events."
    MESSAGE_TOO_LARGE = (
        "message_too_large",
        "The frame is larger than MAX_MESSAGE_BYTES, or larger than MAX_JSON_BYTES without its audio.",
        "MAX_MESSAGE_BYTES",
    )
    UNKNOWN_SESSION = "unknown_session", "This user has no session with that id; init without an id starts a new one."
    ALREADY_INITIALIZED = "already_initialized", "The session has started; open another connection for a new session."
    UNSUPPORTED_MODE = "unsupported_mode", "This server does not support that mode; init with another one."
    BAD_BASE64 = "bad_base64", "The chunk's audio is not standard base64."
    BAD_AUDIO = "bad_audio", "The bytes of this turn cannot be decoded as audio."
    NO_AUDIO = "no_audio", "The turn ended without any audio."
    TURN_TOO_LONG = "turn_too_long", "The audio of the turn is longer than MAX_TURN_S.", "MAX_TURN_S"
    NO_SPEECH = "no_speech", "The recognizer found no speech in the audio of this turn."
    ENGINE_FAILED = (
        "engine_failed",
        "The recognizer, agent or voice failed in this turn or timed out; send the turn again.",
        "ENGINE_TIMEOUT_S",
    )
    ENGINE_BUSY = (
        "engine_busy",
        "The recognizer is at its capacity, and no utterance ended in time; send the turn again later.",
        "ENGINE_WAIT_S",
    )
    SERVER_BUSY = "server_busy", "A thread pool's queue is full; send the turn again after a few seconds.", "POOL_QUEUE"
    FORBIDDEN = "forbidden", "The token belongs to another user."
    GOING_AWAY = "going_away", "The server is shutting down; connect again and resume the session."
    HISTORY_UNAVAILABLE = (
        "history_unavailable",
        "The history cannot be read or written now. The turn is not stored; send it again later.",
        "HISTORY_TIMEOUT_S",
    )
    SESSION_FULL = (
        "session_full",
        "The session has reached its maximum number of turns; init without its id starts a new one.",
        "MAX_SESSION_TURNS",
    )
    INTERNAL_ERROR = "internal_error", "The server failed in this turn; see its log."
    TOO_FAST = "too_fast", "In a real-time mode, audio arrived faster than twice real time.", "REALTIME_SLACK_S", True
    TOO_FAR_AHEAD = (
        "too_far_ahead",
        "The client sent too much ahead while a turn was answered.",
        "MAX_WAITING_BYTES",
        True,
    )
    UNAUTHORIZED = "unauthorized", "The token was withdrawn, or the user signed out on the page.", "", True
    IDLE = "idle", "The client sent nothing for too long; heartbeats keep a connection open.", "IDLE_TIMEOUT_S", True


class Refused(Exception):  # noqa: N818 - it is an answer to the client, not an error of the server
    """A message or a turn that is answered with an `error` event.

    chunk_is_final: for a refused audio_chunk, whether it is the last one of its turn; None for other messages.
    """

    def __init__(self, code: ErrorCode, message: str, *, chunk_is_final: bool | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.chunk_is_final = chunk_is_final


LONGEST_NAME = 200
"""Maximum number of characters in an id, a name or a format."""
Name = Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
"""The limit also makes pydantic check that the text is valid Unicode: JSON can escape an unpaired surrogate."""

SampleRate = Annotated[int, Field(ge=4_000, le=192_000)]
"""Sample rate in Hz."""

Mode = Literal["turns", "realtime", "continuous"]
Notice = Literal["turn_metrics", "partial_transcription", "speech_started", "speech_stopped", "no_speech_detected"]

_MOST_FIELDS = 64
_MOST_NOTICES = 16


class ClientMessage(BaseModel):
    """Base of everything that clients send. Disables pydantic's cache of the last 16,384 short strings.

    Every string, list and dict in such a model has a limit, because pydantic collects all errors before it reports
    the first. A model that forbids unknown fields derives from StrictClientMessage.
    """

    model_config = ConfigDict(cache_strings="none")


class StrictClientMessage(ClientMessage):
    """Refuses unknown fields. Too many fields are one error instead of one for each field."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _check_count(cls, data: Any) -> Any:
        if isinstance(data, dict) and len(data) > _MOST_FIELDS:
            raise PydanticCustomError("too_many_fields", "at most {most} fields are accepted", {"most": _MOST_FIELDS})
        return data


class _ClientEvent(ClientMessage):
    """Base of the client events. Refuses wrong types and ignores unknown fields, so that newer clients work."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Init(_ClientEvent):
    """Start or resume a session.

    paced: whether replies are sent at playback speed; None uses the default of the mode. sample_rate: of replies in Hz,
    for the formats that allow a choice; None uses the default of the format.
    """

    user_id: Name | None = None
    session_id: Name | None = None
    audio_format: ReplyFormat = "opus"
    sample_rate: SampleRate | None = None
    mode: Mode = "turns"
    paced: bool | None = None
    turn_ids: bool = False
    events: Annotated[list[Notice], Field(max_length=_MOST_NOTICES, fail_fast=True)] = Field(default_factory=list)

    @field_validator("sample_rate")
    @classmethod
    def _check_rate(cls, value: int | None, info: ValidationInfo) -> int | None:
        form = info.data.get("audio_format")
        if value is not None and form not in SAMPLE_FORMATS:
            formats = ", ".join(SAMPLE_FORMATS)
            raise PydanticCustomError("fixed_rate", "only for audio_format {formats}", {"formats": formats})
        return value

    @property
    def reply_rate_hz(self) -> int:
        """Sample rate of the replies in Hz."""
        return self.sample_rate or reply_rate_hz(self.audio_format)


class AudioChunk(_ClientEvent):
    """A chunk of the user's audio."""

    # The setting limits the length before the field is validated; a test reads its name from the schema.
    audio_chunk: Annotated[str, Field(json_schema_extra={"x-limited-by": "MAX_MESSAGE_BYTES"})]
    is_final: bool
    format: Name = "opus"
    sample_rate: SampleRate | None = None

    @property
    def rate_hz(self) -> int:
        """Sample rate of raw samples in Hz: sample_rate, or the default of the format."""
        return self.sample_rate or default_rate_hz(self.format)

    def data(self) -> bytes:
        """Decode the audio. Raises Refused when it is not standard base64."""
        try:
            return base64.b64decode(self.audio_chunk, validate=True)
        except (binascii.Error, ValueError) as error:
            message = "audio_chunk: audio_chunk is not standard base64; send it with padding and without line breaks"
            raise Refused(ErrorCode.BAD_BASE64, message) from error


class TypedText(_ClientEvent):
    """A typed turn."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]


class Interrupt(_ClientEvent):
    """Stop the current reply.

    turn_id: stop it only if it belongs to this turn. played_s: seconds of the reply that the client has played; None
    uses the server's estimate.
    """

    turn_id: Name | None = None
    played_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Heartbeat(_ClientEvent):
    """Keep the connection open; answered with a heartbeat."""


ClientEvent = Init | AudioChunk | TypedText | Interrupt | Heartbeat
CLIENT_EVENTS: dict[str, type[ClientEvent]] = {
    "init": Init,
    "audio_chunk": AudioChunk,
    "text": TypedText,
    "interrupt": Interrupt,
    "heartbeat": Heartbeat,
}
