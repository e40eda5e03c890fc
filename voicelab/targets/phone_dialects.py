"""What phone companies send to an agent and take from it, beside Twilio: the same call in five dialects.

Sources: Twilio, "Media Streams: WebSocket messages"; Plivo, "Audio streaming: stream events"; Telnyx, "Media streaming
over WebSockets"; Vonage, "WebSockets"; Exotel, "Voicebot applet".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from voicelab.targets.streaming.sound import SoundFormat


@dataclass(frozen=True, slots=True)
class PhoneCall:
    """The names of one call. parameters: what the agent is told about it."""

    stream: str
    call: str
    account: str
    form: SoundFormat
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PhoneDialect:
    """How one phone company says the same things.

    form: its sound. opening: the messages that announce a call. media, mark, stop, dtmf: messages of ours; None where
    it has none. plays, clears, marks: names of the agent's messages; plays is None where sound is binary. kind: the key
    that names a message.
    """

    form: SoundFormat
    opening: Callable[[PhoneCall], Sequence[dict[str, Any]]]
    media: Callable[[PhoneCall, int, int, str], dict[str, Any]] | None
    mark: Callable[[PhoneCall, int, str], dict[str, Any]] | None
    stop: Callable[[PhoneCall, int], dict[str, Any]] | None
    dtmf: Callable[[PhoneCall, int, str], dict[str, Any]]
    plays: str | None
    clears: str
    marks: str | None = None
    kind: str = "event"


def _twilio_opening(call: PhoneCall) -> Sequence[dict[str, Any]]:
    start = {
        "accountSid": call.account,
        "streamSid": call.stream,
        "callSid": call.call,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": call.form.rate_hz, "channels": 1},
        "customParameters": dict(call.parameters),
    }
    return (
        {"event": "connected", "protocol": "Call", "version": "1.0.0"},
        {"event": "start", "sequenceNumber": "1", "start": start, "streamSid": call.stream},
    )


def _plivo_opening(call: PhoneCall) -> Sequence[dict[str, Any]]:
    start = {
        "callId": call.call,
        "streamId": call.stream,
        "accountId": call.account,
        "tracks": ["inbound"],
        "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": call.form.rate_hz},
    }
    extra = ";".join(f"{name}={value}" for name, value in call.parameters.items())
    return ({"event": "start", "sequenceNumber": 1, "start": start, "extra_headers": extra},)


def _telnyx_opening(call: PhoneCall) -> Sequence[dict[str, Any]]:
    encoding = "PCMA" if call.form.encoding == "alaw" else "PCMU"
    start = {
        "user_id": call.account,
        "call_control_id": call.call,
        "client_state": "",
        "custom_parameters": dict(call.parameters),
        "from": "+15550100",
        "to": "+15550101",
        "media_format": {"encoding": encoding, "sample_rate": call.form.rate_hz, "channels": 1},
    }
    return (
        {"event": "connected", "version": "1.0.0"},
        {"event": "start", "sequence_number": "1", "start": start, "stream_id": call.stream},
    )


def _vonage_opening(call: PhoneCall) -> Sequence[dict[str, Any]]:
    connected = {"event": "websocket:connected", "content-type": f"audio/l16;rate={call.form.rate_hz}"}
    return ({**connected, **call.parameters},)


def _exotel_opening(call: PhoneCall) -> Sequence[dict[str, Any]]:
    start = {
        "stream_sid": call.stream,
        "call_sid": call.call,
        "account_sid": call.account,
        "from": "+15550100",
        "to": "+15550101",
        "custom_parameters": dict(call.parameters),
        "media_format": {"encoding": "base64", "sample_rate": str(call.form.rate_hz), "bit_rate": "128kbps"},
    }
    return (
        {"event": "connected"},
        {"event": "start", "sequence_number": 1, "stream_sid": call.stream, "start": start},
    )


DIALECTS: Mapping[str, PhoneDialect] = {
    "twilio": PhoneDialect(
        form=SoundFormat("mulaw", 8_000),
        opening=_twilio_opening,
        media=lambda call, number, at_ms, sound: {
            "event": "media",
            "sequenceNumber": str(number),
            "media": {"track": "inbound", "chunk": str(number - 1), "timestamp": str(at_ms), "payload": sound},
            "streamSid": call.stream,
        },
        mark=lambda call, number, name: {
            "event": "mark",
            "sequenceNumber": str(number),
            "streamSid": call.stream,
            "mark": {"name": name},
        },
        stop=lambda call, number: {
            "event": "stop",
            "sequenceNumber": str(number),
            "streamSid": call.stream,
            "stop": {"accountSid": call.account, "callSid": call.call},
        },
        dtmf=lambda call, number, digit: {
            "event": "dtmf",
            "streamSid": call.stream,
            "sequenceNumber": str(number),
            "dtmf": {"track": "inbound_track", "digit": digit},
        },
        plays="media",
        clears="clear",
        marks="mark",
    ),
    "plivo": PhoneDialect(
        form=SoundFormat("mulaw", 8_000),
        opening=_plivo_opening,
        media=lambda call, number, at_ms, sound: {
            "event": "media",
            "sequenceNumber": number,
            "streamId": call.stream,
            "media": {"track": "inbound", "timestamp": str(at_ms), "chunk": number - 1, "payload": sound},
        },
        mark=lambda call, number, name: {"event": "playedStream", "streamId": call.stream, "name": name},
        stop=None,
        dtmf=lambda call, number, digit: {
            "event": "dtmf",
            "streamId": call.stream,
            "dtmf": {"track": "inbound", "digit": digit},
        },
        plays="playAudio",
        clears="clearAudio",
        marks="checkpoint",
    ),
    "telnyx": PhoneDialect(
        form=SoundFormat("mulaw", 8_000),
        opening=_telnyx_opening,
        media=lambda call, number, at_ms, sound: {
            "event": "media",
            "sequence_number": str(number),
            "media": {"track": "inbound", "chunk": str(number - 1), "timestamp": str(at_ms), "payload": sound},
            "stream_id": call.stream,
        },
        mark=lambda call, number, name: {
            "event": "mark",
            "sequence_number": str(number),
            "mark": {"name": name},
            "stream_id": call.stream,
        },
        stop=lambda call, number: {
            "event": "stop",
            "sequence_number": str(number),
            "stop": {"user_id": call.account, "call_control_id": call.call},
            "stream_id": call.stream,
        },
        dtmf=lambda call, number, digit: {
            "event": "dtmf",
            "stream_id": call.stream,
            "sequence_number": str(number),
            "dtmf": {"digit": digit},
        },
        plays="media",
        clears="clear",
        marks="mark",
    ),
    "vonage": PhoneDialect(
        form=SoundFormat("pcm16", 16_000),
        opening=_vonage_opening,
        media=None,
        mark=lambda call, number, name: {"event": "websocket:notify", "payload": {"name": name}},
        stop=None,
        dtmf=lambda call, number, digit: {"event": "websocket:dtmf", "digit": digit, "duration": 260},
        plays=None,
        clears="clear",
        marks="notify",
        kind="action",
    ),
    "exotel": PhoneDialect(
        form=SoundFormat("pcm16", 8_000),
        opening=_exotel_opening,
        media=lambda call, number, at_ms, sound: {
            "event": "media",
            "sequence_number": number,
            "stream_sid": call.stream,
            "media": {"chunk": number - 1, "timestamp": str(at_ms), "payload": sound},
        },
        mark=lambda call, number, name: {
            "event": "mark",
            "sequence_number": number,
            "stream_sid": call.stream,
            "mark": {"name": name},
        },
        stop=lambda call, number: {
            "event": "stop",
            "sequence_number": number,
            "stream_sid": call.stream,
            "stop": {"call_sid": call.call, "account_sid": call.account, "reason": "callended"},
        },
        dtmf=lambda call, number, digit: {
            "event": "dtmf",
            "sequence_number": number,
            "stream_sid": call.stream,
            "dtmf": {"duration": "260", "digit": digit},
        },
        plays="media",
        clears="clear",
        marks="mark",
    ),
}
"""The phone companies, by name."""
