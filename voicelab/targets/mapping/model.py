"""The schema of maps, as pydantic models. The JSON schema is `voicelab/targets/maps/map.schema.json`."""

from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voicelab.targets.streaming.sound import HIGHEST_RATE_HZ, LOWEST_RATE_HZ, Encoding, SoundFormat

Path = Annotated[str, Field(pattern=r"^[^\s.]+(\.[^\s.]+)*$", description="keys joined by dots; * is every element")]
Message = Annotated[
    dict[str, Any] | str,
    Field(description="an object is sent as JSON, a text as it is; {$hex: 00ff} as binary; ${name} is replaced"),
]
Messages = tuple[Message, ...]
Text = Literal["base64", "hex"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Variable(_Strict):
    """The source of a value: the environment (then it is secret) or the map. default: used if it is not set."""

    environment: str | None = None
    value: str | int | float | bool | None = None
    default: str | None = None

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if (self.environment is None) == (self.value is None):
            raise ValueError("give `environment` or `value`")
        return self


class SetupRequest(_Strict):
    """An HTTP request before the connection. read: variables and their paths in the JSON response."""

    url: str
    method: Literal["GET", "POST"] = "GET"
    headers: dict[str, str] = {}
    body: dict[str, Any] | None = None
    read: dict[str, Path]


class Connect(_Strict):
    """The WebSocket. `url=` on the command line replaces url. origin: send the URL's own origin, like a web page."""

    url: str | None = None
    headers: dict[str, str] = {}
    subprotocols: tuple[str, ...] = ()
    origin: bool = False


class Sound(_Strict):
    """The encoding of audio."""

    encoding: Encoding = "pcm16"
    rate_hz: int = Field(default=16_000, ge=LOWEST_RATE_HZ, le=HIGHEST_RATE_HZ)

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        SoundFormat(self.encoding, self.rate_hz)
        return self

    @property
    def form(self) -> SoundFormat:
        return SoundFormat(self.encoding, self.rate_hz)


class SentSound(Sound):
    """The caller's audio. message: a template with ${sound}; without it, audio is sent as binary messages.

    between: what to send while the caller does not speak.
    """

    frame_ms: int = Field(default=20, ge=10, le=200)
    between: Literal["silence", "nothing"] = "silence"
    message: Message | None = None
    text: Text = "base64"

    @model_validator(mode="after")
    def _opus_frames(self) -> Self:
        if self.encoding == "opus" and self.frame_ms != 20:
            raise ValueError("Opus packets are 20 ms long: leave frame_ms out")
        return self


class Send(_Strict):
    """The messages to send, and when."""

    sound: SentSound = SentSound()
    start: Messages = ()
    start_of_utterance: Messages = ()
    end_of_utterance: Messages = ()
    interrupt: Messages = ()
    played: Messages = ()
    end: Messages = ()


class TextField(_Strict):
    """A text. final (true, false, or a path to one): the text will not change. delta: it continues the previous one."""

    field: Path
    final: bool | Path = True
    delta: bool = False


class SoundField(_Strict):
    """Audio in a JSON message. text: the encoding of its bytes."""

    field: Path
    text: Text = "base64"


class ToolField(_Strict):
    """A tool call in a message. arguments: an object, or a text with its JSON."""

    name: Path
    arguments: Path | None = None
    id: Path | None = None


class FaultField(_Strict):
    """An error in a message. fatal: the turn gets no reply."""

    message: Path | None = None
    code: Path | None = None
    fatal: bool = True


class Rule(_Strict):
    """The meaning of a message that meets every condition of `match`. All matching rules apply, in order.

    each: apply the rule to every element of the list at this path. Other paths are then relative to the element, and
    $.PATH is relative to the message.
    """

    match: dict[str, Any] = {}
    each: Path | None = None
    name: str | None = None
    ready: bool = False
    caller_text: Path | TextField | None = None
    reply_text: Path | TextField | None = None
    sound: Path | SoundField | None = None
    reply_end: bool | Literal["cancelled"] = False
    reply_continues: bool = False
    speech_started: bool = False
    speech_stopped: bool = False
    interrupted: bool = False
    tool_call: ToolField | None = None
    mark: Path | None = None
    fault: FaultField | None = None
    hang_up: bool = False
    set: dict[str, Path] = {}
    answer: Messages = ()

    @model_validator(mode="after")
    def _conditions(self) -> Self:
        for path, condition in self.match.items():
            _check_condition(path, condition)
        return self


class Receive(_Strict):
    """The meaning of messages. binary: the content of binary messages. name: path of a message's name, for the log."""

    sound: Sound = Sound()
    binary: Literal["sound", "json", "ignore"] = "sound"
    name: Path = "type"
    when: tuple[Rule, ...] = ()


class TargetMap(_Strict):
    """A target.

    turns: who detects the end of the caller's turn: the target, or voicelab with the message `send.end_of_utterance`.
    """

    title: str
    turns: Literal["target", "message"] = "target"
    variables: dict[str, Variable] = {}
    request: SetupRequest | None = None
    connect: Connect = Connect()
    send: Send = Send()
    receive: Receive = Receive()

    @model_validator(mode="after")
    def _ends_are_said(self) -> Self:
        if self.turns == "message" and not self.send.end_of_utterance:
            raise ValueError("turns: message needs send.end_of_utterance, the messages that end a turn")
        return self


def _check_condition(path: str, condition: Any) -> None:
    forms = "a value, a list of values, {present: true}, {begins: TEXT} or {not: VALUE}"
    if isinstance(condition, dict):
        kinds: dict[str, Any] = {"present": bool, "begins": str, "not": (str, int, float, bool)}
        if len(condition) != 1 or not all(
            key in kinds and isinstance(value, kinds[key]) for key, value in condition.items()
        ):
            raise ValueError(f"match.{path} takes {forms}")
    elif isinstance(condition, list) and (not condition or any(isinstance(one, dict | list) for one in condition)):
        raise ValueError(f"match.{path} takes {forms}")
