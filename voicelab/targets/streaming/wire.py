"""What one protocol must say: which messages to send, and what those that come mean. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from voicelab.audio.clip import Clip
from voicelab.errors import InputError
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import FRAME_S, SoundFormat

_SHOWN_CHARACTERS = 120


@dataclass(frozen=True, slots=True)
class Reading:
    """A message that came: the protocol's name for it, what it means, and text to keep with it."""

    name: str
    events: tuple[Event, ...] = ()
    text: str | None = None


class Wire(Protocol):
    """The messages of one conversation. `BaseWire` has defaults for all but `read` and `sound`.

    send_format: how the caller's sound is written. frame_s: seconds of sound in one message. waits_for_ready: no sound
    is sent before the target says that it is ready. continuous: silence is sent while the caller does not speak.
    marks_end: the target says when its reply is complete. gives_sound: its reply has sound.
    """

    send_format: SoundFormat
    frame_s: float
    waits_for_ready: bool
    continuous: bool
    marks_end: bool
    gives_sound: bool

    def opening(self) -> Sequence[Frame]:
        """What is sent as soon as the connection is open."""

    def read(self, frame: Frame) -> Reading:
        """The meaning of a message. Raises InputError when it cannot be read."""

    def sound(self, clip: Clip) -> Sequence[Frame]:
        """The messages with one piece of the caller's sound, at the rate of send_format."""

    def begin_turn(self) -> None:
        """Forget what belongs to the turn before."""

    def start_of_utterance(self) -> Sequence[Frame]:
        """What announces that the caller begins to speak."""

    def end_of_utterance(self) -> Sequence[Frame]:
        """What announces that the caller has finished."""

    def cancel(self) -> Sequence[Frame]:
        """What asks the target to stop its reply, where the caller's side must ask."""

    def interrupted(self, played_s: float) -> Sequence[Frame]:
        """What tells the target that played_s seconds of its reply were heard before it was interrupted."""

    def played(self, mark: str) -> Sequence[Frame]:
        """What tells the target that the sound before its mark has been played."""

    def closing(self) -> Sequence[Frame]:
        """What is sent before the connection is closed."""


class BaseWire:
    """The defaults of a wire: nothing is announced, and sound runs all the time."""

    send_format = SoundFormat()
    frame_s = FRAME_S
    waits_for_ready = False
    continuous = True
    marks_end = False
    gives_sound = True

    def opening(self) -> Sequence[Frame]:
        return ()

    def begin_turn(self) -> None:
        """Nothing to forget."""

    def start_of_utterance(self) -> Sequence[Frame]:
        return ()

    def end_of_utterance(self) -> Sequence[Frame]:
        return ()

    def cancel(self) -> Sequence[Frame]:
        return ()

    def interrupted(self, played_s: float) -> Sequence[Frame]:
        return ()

    def played(self, mark: str) -> Sequence[Frame]:
        return ()

    def closing(self) -> Sequence[Frame]:
        return ()


def read_object(frame: Frame) -> dict[str, Any]:
    """The JSON object in a text message. Raises InputError for anything else."""
    try:
        value = json.loads(frame)
    except (ValueError, RecursionError) as error:
        raise InputError(f"a message is not JSON: {shorten(frame)}") from error
    if not isinstance(value, dict):
        raise InputError(f"a message is not a JSON object: {shorten(frame)}")
    return value


def read_arguments(value: Any) -> dict[str, Any]:
    """The arguments of a tool call, an object or its JSON; {} for anything else."""
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def shorten(frame: Frame) -> str:
    """The beginning of a message, for errors."""
    if isinstance(frame, bytes):
        return f"{len(frame)} binary bytes beginning with {frame[:8].hex(' ')}"
    return repr(frame if len(frame) <= _SHOWN_CHARACTERS else f"{frame[:_SHOWN_CHARACTERS]}…")
