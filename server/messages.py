"""The wire, towards the server: every event that a client may send, and the codes of what is refused.

docs/reference/protocol.md describes them; what the server answers is in outgoing.py.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from voicelab.audio.encoder import SAMPLE_FORMATS, ReplyFormat, reply_rate_hz
from voicelab.audio.incoming import default_rate_hz

LONGEST_TEXT = 2000
"""The most characters of a typed turn: more than anyone says in one, few enough to answer at once."""

MOST_JSON_BYTES = 65_536
"""The default of MAX_JSON_BYTES: what a JSON body, or an event besides its audio, may take."""


class ErrorCode(StrEnum):
    """The codes of the `error` event.

    meaning: what docs/reference/protocol.md says about the code. setting: what changes its limit. closes: whether the
    server then closes the connection with code 1008.
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
    BAD_MESSAGE = "bad_message", "The message has not the shape its event asks for, or comes where it cannot be taken."
    UNKNOWN_EVENT = "unknown_event", "No such client event; the message lists those there are."
    MESSAGE_TOO_LARGE = (
        "message_too_large",
        "The frame holds more bytes than MAX_MESSAGE_BYTES, or more than MAX_JSON_BYTES besides its audio.",
        "MAX_MESSAGE_BYTES",
    )
    UNKNOWN_SESSION = "unknown_session", "This user has no session of that id; init without one begins another."
    ALREADY_INITIALIZED = "already_initialized", "The session has begun; open another connection for another session."
    UNSUPPORTED_MODE = "unsupported_mode", "This server does not hold conversations in that mode; init with another."
    BAD_BASE64 = "bad_base64", "The chunk's audio is not standard base64."
    BAD_AUDIO = "bad_audio", "The bytes of this turn cannot be decoded as audio."
    NO_AUDIO = "no_audio", "The turn ended with no audio in it."
    TURN_TOO_LONG = "turn_too_long", "The turn holds more seconds of sound than MAX_TURN_S.", "MAX_TURN_S"
    NO_SPEECH = "no_speech", "Nothing was heard in the audio of this turn."
    ENGINE_FAILED = (
        "engine_failed",
        "A recognizer, agent or voice failed at this turn, or did not answer in time; send it again.",
        "ENGINE_TIMEOUT_S",
    )
    ENGINE_BUSY = (
        "engine_busy",
        "The recognizer serves as many utterances as it can, and none ended in time; send the turn again later.",
        "ENGINE_WAIT_S",
    )
    SERVER_BUSY = (
        "server_busy",
        "Too much work of this kind waits for a thread; send the turn again after some seconds.",
        "POOL_QUEUE",
    )
    FORBIDDEN = "forbidden", "The token is another user's."
    GOING_AWAY = "going_away", "The server ends; connect again, and take the session up where it was."
    HISTORY_UNAVAILABLE = (
        "history_unavailable",
        "The history cannot be read or written now; nothing of this turn is kept. Send it again later.",
        "HISTORY_TIMEOUT_S",
    )
    SESSION_FULL = (
        "session_full",
        "The session has as many turns as one may have; init without its id begins another.",
        "MAX_SESSION_TURNS",
    )
    INTERNAL_ERROR = "internal_error", "The server itself failed at this turn; its log says why."
    TOO_FAST = (
        "too_fast",
        "In a mode that goes at the pace of speech, audio came faster than twice that.",
        "REALTIME_SLACK_S",
        True,
    )
    TOO_FAR_AHEAD = (
        "too_far_ahead",
        "More was sent than may wait while a turn is answered.",
        "MAX_WAITING_BYTES",
        True,
    )
    UNAUTHORIZED = "unauthorized", "The token was withdrawn, or the user has signed out on the page.", "", True
    IDLE = "idle", "Nothing was sent for long; a heartbeat keeps a connection open.", "IDLE_TIMEOUT_S", True


class Refused(Exception):  # noqa: N818 - a refusal is an answer to the client, not a fault of ours
    """A message or a turn that gets an `error` event.

    chunk_is_final: for a refused audio_chunk, whether it is the last of its turn; None for other messages.
    """

    def __init__(self, code: ErrorCode, message: str, *, chunk_is_final: bool | None = None) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message
        self.chunk_is_final = chunk_is_final


LONGEST_NAME = 200
"""The most characters of an id, a name or a format."""
Name = Annotated[str, StringConstraints(max_length=LONGEST_NAME)]
"""With a limit, pydantic also checks that the text is Unicode: JSON can escape one half of a surrogate pair."""


@dataclass(frozen=True, slots=True)
class LimitedBy:
    """Marks a field whose length a setting limits before the field is validated.

    setting: the environment variable, which the JSON schema names as `x-limited-by`.
    """

    setting: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(core), "x-limited-by": self.setting}


SampleRate = Annotated[int, Field(ge=4_000, le=192_000)]
"""Samples a second."""

Mode = Literal["turns", "realtime", "continuous"]
Notice = Literal["turn_metrics", "partial_transcription", "speech_started", "speech_stopped", "no_speech_detected"]

_MOST_FIELDS = 64
_MOST_NOTICES = 16


class ClientMessage(BaseModel):
    """What a client sends, by whichever route. pydantic by itself keeps the last 16,384 short strings it has read.

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
    """Wrong types are refused; unknown fields are ignored, so that newer clients work."""

    model_config = ConfigDict(strict=True, frozen=True, extra="ignore")


class Init(_ClientEvent):
    """Begins a session, or takes one up again.

    paced: whether replies leave at the pace they are heard; None leaves it to the mode. sample_rate: of replies, in the
    formats that are samples; None for what is usual.
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
        """The rate of the replies' samples."""
        return self.sample_rate or reply_rate_hz(self.audio_format)


class AudioChunk(_ClientEvent):
    """A piece of what the user says."""

    audio_chunk: Annotated[str, LimitedBy("MAX_MESSAGE_BYTES")]
    is_final: bool
    format: Name = "opus"
    sample_rate: SampleRate | None = None

    @property
    def rate_hz(self) -> int:
        """The rate of raw samples: sample_rate, or what is usual for the format."""
        return self.sample_rate or default_rate_hz(self.format)

    def data(self) -> bytes:
        """The bytes; Refused when they are not standard base64."""
        try:
            return base64.b64decode(self.audio_chunk, validate=True)
        except (binascii.Error, ValueError) as error:
            message = "audio_chunk: audio_chunk is not standard base64, with its padding and without line breaks"
            raise Refused(ErrorCode.BAD_BASE64, message) from error


class TypedText(_ClientEvent):
    """A turn that is typed instead of spoken."""

    text: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]


class Interrupt(_ClientEvent):
    """Stops the reply that is made or heard; with turn_id only if it is that turn's.

    played_s: how much of it the client has played; without it the server's own clock says so.
    """

    turn_id: Name | None = None
    played_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


class Heartbeat(_ClientEvent):
    """Asks for nothing but an answer."""


ClientEvent = Init | AudioChunk | TypedText | Interrupt | Heartbeat
CLIENT_EVENTS: dict[str, type[ClientEvent]] = {
    "init": Init,
    "audio_chunk": AudioChunk,
    "text": TypedText,
    "interrupt": Interrupt,
    "heartbeat": Heartbeat,
}


class ToolCallView(BaseModel):
    """A call of a tool: see voicelab.agent.base.ToolCall."""

    model_config = ConfigDict(from_attributes=True)
    name: str
    arguments: dict[str, Any]
    result: str
    took_s: float
    error: str | None


class ChangeView(BaseModel):
    """A change to the watchlist: see voicelab.agent.base.WatchlistChange."""

    model_config = ConfigDict(from_attributes=True)
    operation: Literal["add", "remove"]
    ticker: str


class UsageView(BaseModel):
    """What a language model spent on a reply: see voicelab.agent.base.Usage."""

    model_config = ConfigDict(from_attributes=True)
    requests: int
    first_token_s: float | None
    prompt_tokens: int | None
    completion_tokens: int | None
    cost: float | None


class EntityView(BaseModel):
    """Something that was named: see voicelab.agent.base.Entity."""

    model_config = ConfigDict(from_attributes=True)
    kind: str
    value: str
    name: str
    heard: str
    score: float
