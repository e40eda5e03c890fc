"""The events that a target's messages can mean, common to all protocols."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from voicelab.audio.clip import Clip

Frame: TypeAlias = str | bytes
"""A message on the wire: text or binary."""


@dataclass(frozen=True, slots=True)
class Event:
    """An event."""


@dataclass(frozen=True, slots=True)
class Ready(Event):
    """The target is ready for audio."""


@dataclass(frozen=True, slots=True)
class CallerText(Event):
    """The target's transcript of the caller. final: it will not change; otherwise a later text replaces it. delta: it
    continues the previous text and includes the spaces."""

    text: str
    final: bool = True
    delta: bool = False


@dataclass(frozen=True, slots=True)
class AgentText(Event):
    """Text of the reply. delta: append it; otherwise it replaces the pieces since the last complete text."""

    text: str
    delta: bool = False


@dataclass(frozen=True, slots=True)
class ReplySound(Event):
    """A piece of the reply's audio, to be played after the previous pieces."""

    clip: Clip


@dataclass(frozen=True, slots=True)
class ReplyEnd(Event):
    """The reply is complete. cancelled: it stopped early."""

    cancelled: bool = False


@dataclass(frozen=True, slots=True)
class ReplyContinues(Event):
    """The reply continues although a part of it ended, for example after a tool's output."""


@dataclass(frozen=True, slots=True)
class CallerStarted(Event):
    """The target detected that the caller started to speak."""


@dataclass(frozen=True, slots=True)
class CallerStopped(Event):
    """The target detected that the caller has finished."""


@dataclass(frozen=True, slots=True)
class ReplyInterrupted(Event):
    """The target stopped its reply. The caller's player drops the audio that it has not played yet."""


@dataclass(frozen=True, slots=True)
class AgentToolCall(Event):
    """The agent called a tool. arguments: its JSON object, or {} for anything else."""

    name: str
    arguments: dict[str, Any]
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class Mark(Event):
    """A request to report when the audio before this point has been played."""

    name: str


@dataclass(frozen=True, slots=True)
class MessagesToSend(Event):
    """Messages to send back immediately."""

    frames: tuple[Frame, ...]


@dataclass(frozen=True, slots=True)
class Fault(Event):
    """An error of the target. fatal: the turn gets no reply. harness: our message caused it."""

    code: str
    message: str
    fatal: bool = True
    harness: bool = False


@dataclass(frozen=True, slots=True)
class HungUp(Event):
    """The target ended the conversation."""

    reason: str = ""
