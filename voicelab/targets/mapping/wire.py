"""The wire made from a map."""

import base64
import binascii
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from time import perf_counter
from typing import Any

from voicelab.audio.clip import Clip
from voicelab.errors import InputError
from voicelab.targets.mapping.model import Message, Rule, SoundField, TargetMap, Text, TextField
from voicelab.targets.mapping.paths import elements_at, holds, value_at
from voicelab.targets.mapping.templates import fill
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import SoundDecoder, SoundEncoder
from voicelab.targets.streaming.wire import Reading, Wire, first_text, read_arguments, read_object

_HEX = "$hex"


class MapWire(Wire):
    """The messages of a conversation with a mapped target. values: the variables; known at its start, or learned."""

    def __init__(self, described: TargetMap, values: Mapping[str, Any]) -> None:
        self._map = described
        self.values = dict(values)
        self._began_s = perf_counter()
        self._sequence = 0
        sound = described.send.sound
        self.send_format = sound.form
        self.frame_s = sound.frame_ms / 1000
        self.continuous = sound.between == "silence"
        self.waits_for_ready = any(rule.ready for rule in described.receive.when)
        self.marks_end = any(rule.reply_end for rule in described.receive.when)
        self.gives_sound = described.receive.binary == "sound" or any(rule.sound for rule in described.receive.when)
        self._encoder = SoundEncoder(sound.form)
        self._decoder = SoundDecoder(described.receive.sound.form)

    def opening(self) -> Sequence[Frame]:
        return self._frames(self._map.send.start)

    def start_of_utterance(self) -> Sequence[Frame]:
        return self._frames(self._map.send.start_of_utterance)

    def end_of_utterance(self) -> Sequence[Frame]:
        return self._frames(self._map.send.end_of_utterance)

    def interrupted(self, played_s: float) -> Sequence[Frame]:
        return self._frames(self._map.send.interrupt, played_ms=round(1000 * played_s))

    def played(self, mark: str) -> Sequence[Frame]:
        return self._frames(self._map.send.played, mark=mark)

    def closing(self) -> Sequence[Frame]:
        return self._frames(self._map.send.end)

    def sound(self, clip: Clip) -> Sequence[Frame]:
        data = self._encoder.encode(clip)
        if not data:
            return ()
        self._sequence += 1
        sent = self._map.send.sound
        if sent.message is None:
            return (data,)
        text = data.hex() if sent.text == "hex" else base64.b64encode(data).decode()
        return self._frames((sent.message,), sound=text)

    def read(self, frame: Frame) -> Reading:
        if isinstance(frame, bytes) and self._map.receive.binary != "json":
            if self._map.receive.binary == "ignore":
                return Reading("binary message")
            return Reading("sound", (events.ReplySound(self._decoder.decode(frame)),))
        message = read_object(frame)
        name = str(value_at(self._map.receive.name, message) or "/".join(list(message)[:3]))
        found: list[Event] = []
        for rule in self._map.receive.when:
            for part in elements_at(rule.each, message) if rule.each else [message]:
                if _matches(rule, part, message):
                    name = rule.name or name
                    found.extend(self._apply(rule, part, message))
        return Reading(name, tuple(found), first_text(found))

    def _apply(self, rule: Rule, part: Any, message: Any) -> Iterator[Event]:
        """Yield the events that a rule gives for a message or a part of it."""

        def at(path: str | None) -> Any:
            if path is None:
                return None
            return value_at(path[2:], message) if path.startswith("$.") else value_at(path, part)

        for variable, path in rule.set.items():
            if (value := at(path)) is not None:
                self.values[variable] = value
        yield from _texts(rule, at)
        if rule.sound is not None:
            wanted = rule.sound if isinstance(rule.sound, SoundField) else SoundField(field=rule.sound)
            if (sound := at(wanted.field)) is not None:
                yield events.ReplySound(self._decoder.decode(_from_text(sound, wanted.text)))
        yield from _signals(rule, at)
        if rule.answer:
            yield events.MessagesToSend(self._frames(rule.answer, message=message, part=part))

    def _frames(self, messages: Sequence[Message], **extra: Any) -> tuple[Frame, ...]:
        def look_up(name: str) -> Any:
            origin, _, path = name.partition(".")
            if path:
                return value_at(path, extra[origin])
            if name == "sequence":
                return self._sequence
            if name == "time_ms":
                return round(1000 * (perf_counter() - self._began_s))
            known = {**self.values, **extra}
            if name not in known:
                raise InputError(f"the map uses ${{{name}}} before the target has sent it")
            return known[name]

        return tuple(_frame(fill(one, look_up)) for one in messages)


def _frame(message: Any) -> Frame:
    if isinstance(message, str):
        return message
    if set(message) == {_HEX}:
        return bytes.fromhex(str(message[_HEX]))
    return json.dumps(message)


def _matches(rule: Rule, part: Any, message: Any) -> bool:
    """Return whether the part that `each` selects meets the conditions; those at `$.` are on the whole message."""
    at_root = {path[2:]: condition for path, condition in rule.match.items() if path.startswith("$.")}
    inside = {path: condition for path, condition in rule.match.items() if not path.startswith("$.")}
    return holds(inside, part) and holds(at_root, message)


def _texts(rule: Rule, at: Callable[[str | None], Any]) -> Iterator[Event]:
    if rule.caller_text is not None:
        wanted = rule.caller_text if isinstance(rule.caller_text, TextField) else TextField(field=rule.caller_text)
        final = at(wanted.final) if isinstance(wanted.final, str) else wanted.final
        if (text := at(wanted.field)) is not None:
            yield events.CallerText(str(text), final=bool(final), delta=wanted.delta)
    if rule.reply_text is not None:
        wanted = rule.reply_text if isinstance(rule.reply_text, TextField) else TextField(field=rule.reply_text)
        if (text := at(wanted.field)) is not None:
            yield events.AgentText(str(text), delta=wanted.delta)


def _signals(rule: Rule, at: Callable[[str | None], Any]) -> Iterator[Event]:
    if (call := rule.tool_call) is not None:
        call_id = at(call.id) if call.id else ""
        yield events.AgentToolCall(str(at(call.name)), read_arguments(at(call.arguments)), str(call_id))
    for name, event in (
        ("ready", events.Ready()),
        ("reply_continues", events.ReplyContinues()),
        ("speech_started", events.CallerStarted()),
        ("speech_stopped", events.CallerStopped()),
        ("interrupted", events.ReplyInterrupted()),
        ("hang_up", events.HungUp()),
    ):
        if getattr(rule, name):
            yield event
    if rule.reply_end:
        yield events.ReplyEnd(cancelled=rule.reply_end == "cancelled")
    if rule.mark is not None:
        yield events.Mark(str(at(rule.mark)))
    if (fault := rule.fault) is not None:
        code, text = at(fault.code) or "target_error", at(fault.message) or "the target reported an error"
        yield events.Fault(str(code), str(text), fault.fatal)


def _from_text(value: Any, form: Text) -> bytes:
    try:
        return bytes.fromhex(value) if form == "hex" else base64.b64decode(value, validate=True)
    except (ValueError, TypeError, binascii.Error) as error:
        raise InputError(f"the audio in a message is not {form}: {str(value)[:40]!r}") from error
