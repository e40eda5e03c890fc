"""The session object of OpenAI's Realtime API."""

from dataclasses import dataclass, field, replace
from typing import Any

from server.dialects.base import new_id
from server.messages import ErrorCode, Refused
from voicelab.audio.encoder import ReplyFormat


@dataclass(frozen=True, slots=True)
class AudioFormat:
    """An audio format. name: voicelab's name. kind: OpenAI's GA name."""

    name: ReplyFormat
    kind: str
    rate_hz: int
    bytes_per_sample: int

    @property
    def bytes_per_s(self) -> int:
        """Bytes per second of audio."""
        return self.rate_hz * self.bytes_per_sample

    def view(self) -> dict[str, Any]:
        """Return the format as in the `session` object; only PCM has a rate."""
        return {"type": self.kind} | ({"rate": self.rate_hz} if self.kind == "audio/pcm" else {})


PCM = AudioFormat("pcm16", "audio/pcm", 24_000, 2)
FORMATS = {
    "audio/pcm": PCM,
    "audio/pcmu": AudioFormat("mulaw", "audio/pcmu", 8_000, 1),
    "audio/pcma": AudioFormat("alaw", "audio/pcma", 8_000, 1),
}
BETA_NAMES = {"pcm16": "audio/pcm", "g711_ulaw": "audio/pcmu", "g711_alaw": "audio/pcma"}
"""Names of the formats in the beta API, which some clients still use."""


@dataclass(frozen=True, slots=True)
class RealtimeSession:
    """Settings of a connection. detects_turns: the server detects the ends of turns; else the client commits them."""

    model: str
    id: str = field(default_factory=lambda: new_id("sess"))
    input_format: AudioFormat = PCM
    output_format: AudioFormat = PCM
    detects_turns: bool = True

    @property
    def wire(self) -> tuple[AudioFormat, AudioFormat, bool]:
        """The settings that cannot change after the first turn has started."""
        return self.input_format, self.output_format, self.detects_turns

    def view(self) -> dict[str, Any]:
        """Return the `session` object of session.created and session.updated."""
        detection = {"type": "server_vad", "create_response": True, "interrupt_response": True}
        sound = {
            "input": {"format": self.input_format.view(), "turn_detection": detection if self.detects_turns else None},
            "output": {"format": self.output_format.view(), "voice": "default"},
        }
        about = {"id": self.id, "object": "realtime.session", "type": "realtime", "model": self.model}
        return {**about, "output_modalities": ["audio"], "audio": sound, "tools": []}


def updated(session: RealtimeSession, wanted: object) -> RealtimeSession:
    """Apply a session.update in GA or beta format. Raises Refused for settings that the server does not support."""
    if not isinstance(wanted, dict):
        raise _refused("session", "expected an object")
    if wanted.get("tools"):
        raise _refused("tools", "the server's agent does not accept tools; omit tools")
    modalities = wanted.get("output_modalities") or wanted.get("modalities") or ["audio"]
    if not isinstance(modalities, list) or "audio" not in modalities:
        raise _refused("output_modalities", "replies are always audio; request audio")
    sound = _object(wanted, "audio")
    heard, spoken = _object(sound, "input"), _object(sound, "output")
    return replace(
        session,
        input_format=_format(heard.get("format", wanted.get("input_audio_format")), session.input_format),
        output_format=_format(spoken.get("format", wanted.get("output_audio_format")), session.output_format),
        detects_turns=_detection(heard if "turn_detection" in heard else wanted, session.detects_turns),
    )


def _object(within: dict[str, Any], name: str) -> dict[str, Any]:
    found = within.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise _refused(name, "expected an object")
    return found


def _format(wanted: object, before: AudioFormat) -> AudioFormat:
    if wanted is None:
        return before
    kind = wanted.get("type") if isinstance(wanted, dict) else BETA_NAMES.get(str(wanted), str(wanted))
    found = FORMATS.get(str(kind))
    if found is None:
        raise _refused("format", f"{str(kind)[:40]!r} is unknown; known: {', '.join(FORMATS)}")
    if isinstance(wanted, dict) and wanted.get("rate") not in (None, found.rate_hz):
        raise _refused("format", f"rate {str(wanted['rate'])[:20]} is not supported; {kind} has {found.rate_hz} Hz")
    return found


def _detection(within: dict[str, Any], before: bool) -> bool:
    if "turn_detection" not in within:
        return before
    wanted = within["turn_detection"]
    if wanted is None:
        return False
    if not isinstance(wanted, dict) or wanted.get("type") not in ("server_vad", "semantic_vad"):
        raise _refused("turn_detection", "expected null or an object of type server_vad or semantic_vad")
    if wanted.get("create_response") is False:
        raise _refused(
            "turn_detection",
            "create_response: the server answers every detected turn; set turn_detection to null to decide yourself",
        )
    return True


def _refused(field_name: str, message: str) -> Refused:
    return Refused(ErrorCode.BAD_MESSAGE, f"session.update: {field_name}: {message}")
