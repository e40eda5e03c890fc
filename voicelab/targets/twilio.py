"""Phone agents that use Twilio Media Streams, or the equivalents of Plivo, Telnyx, Vonage and Exotel.

voicelab takes the role of the phone company: it opens the connection, announces the call, sends 20 ms of audio at a
time, and plays the agent's audio. There are no transcripts; everything is measured from the audio.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from voicelab.audio.clip import Clip
from voicelab.engines.options import check_choice, read_pairs
from voicelab.errors import InputError
from voicelab.targets.base import Capabilities
from voicelab.targets.phone_dialects import PhoneCall, PhoneDialect, Template, phone_dialects
from voicelab.targets.streaming import events
from voicelab.targets.streaming.events import Event, Frame
from voicelab.targets.streaming.sound import SoundDecoder, SoundEncoder, SoundFormat
from voicelab.targets.streaming.target import StreamTarget
from voicelab.targets.streaming.transport import Transport, WebSocket
from voicelab.targets.streaming.wire import Reading, Wire, read_object

_DIGITS = frozenset("0123456789*#")


class PhoneWire(Wire):
    """One call in one dialect. Audio is continuous from start to end, as on a telephone line."""

    def __init__(self, dialect: PhoneDialect, call: PhoneCall, digits: str = "") -> None:
        self._dialect = dialect
        self._call = call
        self._digits = digits
        self.send_format = call.form
        self._encoder = SoundEncoder(call.form)
        self._decoder = SoundDecoder(call.form)
        self._number = 1
        self._sent_s = 0.0
        self._pending_marks: list[str] = []

    def opening(self) -> Sequence[Frame]:
        first = self._dialect.opening_frames(self._call)
        return [*first, *(self._frame(self._dialect.dtmf, digit=digit) for digit in self._digits)]

    def sound(self, clip: Clip) -> Sequence[Frame]:
        data = self._encoder.encode(clip)
        at_ms = round(1000 * self._sent_s)
        self._sent_s += clip.duration_s
        if self._dialect.media is None:
            return (data,)
        payload = base64.b64encode(data).decode()
        return (self._frame(self._dialect.media, at_ms=at_ms, sound=payload),)

    def read(self, frame: Frame) -> Reading:
        if isinstance(frame, bytes):
            if self._dialect.plays is not None:
                raise InputError(f"received {len(frame)} binary bytes, but this dialect sends audio as base64 in JSON")
            return Reading("sound", (events.ReplySound(self._decoder.decode(frame)),))
        message = read_object(frame)
        name = str(message.get(self._dialect.kind) or "a message without a name")
        return Reading(name, tuple(self._meaning(name, message)))

    def _meaning(self, name: str, message: dict[str, Any]) -> Sequence[Event]:
        if name == self._dialect.plays:
            data = base64.b64decode(message["media"]["payload"], validate=True)
            return (events.ReplySound(self._decoder.decode(data)),)
        if name == self._dialect.marks:
            mark = _mark_name(message)
            self._pending_marks.append(mark)
            return (events.Mark(mark),)
        if name == self._dialect.clears:
            # The company immediately reports the marks of dropped audio.
            marks, self._pending_marks = self._pending_marks, []
            answers = tuple(self._frame(self._dialect.mark, mark=mark) for mark in marks)
            return (
                (events.ReplyInterrupted(), events.MessagesToSend(answers)) if answers else (events.ReplyInterrupted(),)
            )
        if name == "stop":
            return (events.HungUp(),)
        return ()

    def played(self, mark: str) -> Sequence[Frame]:
        if mark not in self._pending_marks:
            return ()
        self._pending_marks.remove(mark)
        return (self._frame(self._dialect.mark, mark=mark),)

    def closing(self) -> Sequence[Frame]:
        return (self._frame(self._dialect.stop),) if self._dialect.stop is not None else ()

    def _frame(self, template: Template, **values: object) -> str:
        self._number += 1
        return self._call.frame(template, self._number, **values)


@dataclass(eq=False, repr=False)
class Twilio(StreamTarget):
    """A phone agent behind Twilio Media Streams.

    url: the agent's ws:// or wss:// URL. dialect: twilio, plivo, telnyx, vonage or exotel. encoding: mulaw or alaw
    (telnyx), pcm16 (vonage, exotel). rate_hz: 8000; with pcm16 also 16000 or 24000. digits: keys pressed at the start.
    parameters: NAME=VALUE pairs for the agent, joined by `;`. greeting_s: how long to wait for the agent to speak
    first. quiet_s: a reply ends after this much silence. ready_s: maximum time to connect.
    """

    capabilities = Capabilities(turn_detection=True, interruption=True)

    url: str
    dialect: str = "twilio"
    encoding: str | None = None
    rate_hz: int | None = None
    digits: str = ""
    parameters: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        dialects = phone_dialects()
        check_choice("dialect", self.dialect, dialects)
        self._dialect = dialects[self.dialect]
        if not set(self.digits) <= _DIGITS:
            raise InputError(f"option digits is {self.digits!r}; it may contain 0 to 9, * and #")
        self._form = _form(self.dialect, self._dialect.sound.form, self.encoding, self.rate_hz)
        self._named = read_pairs(self.parameters, what="option parameters")

    def wire(self, user_id: str) -> Wire:
        call = PhoneCall(f"MZ{uuid4().hex}", f"CA{uuid4().hex}", f"AC{'0' * 32}", self._form, self._named)
        return PhoneWire(self._dialect, call, self.digits)

    async def connect(self, wire: Wire, timeout_s: float) -> Transport:
        return await WebSocket.connect(self.url, timeout_s=timeout_s)


def _form(dialect: str, usual: SoundFormat, encoding: str | None, rate_hz: int | None) -> SoundFormat:
    allowed = ("mulaw", "alaw") if dialect == "telnyx" else (usual.encoding,)
    encoding = encoding or usual.encoding
    if encoding not in allowed:
        raise InputError(f"option encoding is {encoding!r}; {dialect} supports {', '.join(allowed)}")
    rates = (8_000, 16_000, 24_000) if encoding == "pcm16" else (8_000,)
    rate_hz = rate_hz or usual.rate_hz
    if rate_hz not in rates:
        raise InputError(f"option rate_hz is {rate_hz}; {dialect} supports {', '.join(map(str, rates))}")
    return SoundFormat(encoding, rate_hz)  # type: ignore[arg-type]  # one of `allowed`


def _mark_name(message: dict[str, Any]) -> str:
    """Return the name of a mark, whose position depends on the company."""
    for holder in (message.get("mark"), message.get("payload"), message):
        if isinstance(holder, dict) and "name" in holder:
            return str(holder["name"])
    return ""
