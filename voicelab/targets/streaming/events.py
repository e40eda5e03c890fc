"""What a target's message can mean, in one vocabulary for all protocols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from voicelab.audio.clip import Clip

Frame: TypeAlias = str | bytes
"""A message on the wire: text or binary."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The target is set up and takes sound."""


@dataclass(frozen=True, slots=True)
class CallerText:
    """What the target heard. final: it will not change; otherwise a later text replaces this one. delta: it continues
    the text before it, spaces included."""

    text: str
    final: bool = True
    delta: bool = False


@dataclass(frozen=True, slots=True)
class AgentText:
    """Text of the reply. delta: a piece to append; otherwise it replaces the pieces since the last whole text."""

    text: str
    delta: bool = False


@dataclass(frozen=True, slots=True)
class ReplySound:
    """A piece of the reply's sound, to be played after the pieces before it."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class ReplyEnd:
    """The target says that its reply is complete. cancelled: it stopped before it was."""

    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ReplyContinues:
    """The reply goes on although a part of it ended, for example after a tool's output."""


@dataclass(frozen=True, slots=True)
class CallerStarted:
    """The target noticed that the caller speaks."""


@dataclass(frozen=True, slots=True)
class CallerStopped:
    """The target decided that the caller has finished."""


@dataclass(frozen=True, slots=True)
class ReplyInterrupted:
    """The target stopped its reply: the caller's player drops the sound that it has not played yet."""


@dataclass(frozen=True, slots=True)
class AgentToolCall:
    """The agent called a tool. arguments: the JSON object that it gave, or {} where it is not one."""

    name: str
    arguments: dict[str, Any]
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """The target wants to be told when the sound before this point has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class MessagesToSend:
    """Messages to send back at once."""

    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """The target reports an error. fatal: the turn gets no reply after it. harness: our message caused it."""

    code: str
    message: str
    fatal: bool = True
    harness: bool = False


@dataclass(frozen=True, slots=True)
class HungUp:
    """The target ended the conversation."""

    reason: str = ""


Event: TypeAlias = (
    Ready
    | CallerText
    | AgentText
    | ReplySound
    | ReplyEnd
    | ReplyContinues
    | CallerStarted
    | CallerStopped
    | ReplyInterrupted
    | AgentToolCall
    | Mark
    | MessagesToSend
    | Fault
    | HungUp
)
