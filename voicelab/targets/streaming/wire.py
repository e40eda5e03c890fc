"""The interface of a protocol: the messages to send, and the meaning of received ones. A wire sends nothing itself."""

import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.errors import InputError
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import FRAME_S, SoundFormat

_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Reading:
    """A parsed message: its name in the protocol, its events, and a text for the log."""

    name: str
    events: tuple[Event, ...] = ()
    text: str | None = None


class Wire(ABC):
    """The messages of one conversation. By default nothing is announced, and audio is continuous.

    send_format: format of the caller's audio. frame_s: seconds of audio per message. waits_for_ready: send no audio
    before the target is ready. continuous: send silence while the caller does not speak. marks_end: the target reports
    the end of its reply. gives_sound: its reply has audio.
    """

    send_format = SoundFormat()
    frame_s = FRAME_S
    waits_for_ready = False
    continuous = True
    marks_end = False
    gives_sound = True

    @abstractmethod
    def read(self, frame: Frame) -> Reading:
        """Parse a message. Raises InputError if it is invalid."""

    @abstractmethod
    def sound(self, clip: Clip) -> Sequence[Frame]:
        """Return the messages with a piece of the caller's audio, at the rate of send_format."""

    def opening(self) -> Sequence[Frame]:
        """Return the messages to send when the connection is open."""
        return ()

    def begin_turn(self) -> None:  # noqa: B027 - most protocols keep no state of a turn
        """Reset the state of the previous turn."""

    def start_of_utterance(self) -> Sequence[Frame]:
        """Return the messages that announce the start of the caller's speech."""
        return ()

    def end_of_utterance(self) -> Sequence[Frame]:
        """Return the messages that announce the end of the caller's speech."""
        return ()

    def cancel(self) -> Sequence[Frame]:
        """Return the messages that stop the target's reply, if the client must request it."""
        return ()

    def interrupted(self, played_s: float) -> Sequence[Frame]:
        """Return the messages that report how much of an interrupted reply was heard. played_s: in seconds."""
        return ()

    def played(self, mark: str) -> Sequence[Frame]:
        """Return the messages that report that the audio before a mark has been played."""
        return ()

    def closing(self) -> Sequence[Frame]:
        """Return the messages to send before closing the connection."""
        return ()


def read_object(frame: Frame) -> dict[str, Any]:
    """Parse the JSON object in a text message. Raises InputError for anything else."""
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise InputError(f"a message is not JSON: {shorten(frame)}") from error
    if not isinstance(value, dict):
        raise InputError(f"a message is not a JSON object: {shorten(frame)}")
    return value


def first_text(found: Sequence[Event]) -> str | None:
    """Return the text to log with a message that means these events."""
    for event in found:
        match event:
            case events.CallerText(text) | events.AgentText(text):
                return text
            case events.Fault(code, message):
                return f"{code}: {message}"
    return None


def read_arguments(value: Any) -> dict[str, Any]:
    """The arguments of a tool call, an object or its JSON; {} for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def shorten(frame: Frame) -> str:
    """Return the beginning of a message, for errors."""
    if isinstance(frame, bytes):
        return f"{len(frame)} binary bytes that start with {frame[:8].hex(' ')}"
    return repr(frame if len(frame) <= _SHOWN_CHARACTERS else f"{frame[:_SHOWN_CHARACTERS]}…")
