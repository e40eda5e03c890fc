"""The session to request from an OpenAI Realtime server, in GA and beta format."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from voicelab.errors import InputError
from voicelab.targets.streaming.sound import SoundFormat

FORMATS: Mapping[str, SoundFormat] = {
    "pcm16": SoundFormat("pcm16", 24_000),
    "mulaw": SoundFormat("mulaw", 8_000),
    "alaw": SoundFormat("alaw", 8_000),
}
_GA_FORMATS: Mapping[str, dict[str, Any]] = {
    "pcm16": {"type": "audio/pcm", "rate": 24_000},
    "mulaw": {"type": "audio/pcmu"},
    "alaw": {"type": "audio/pcma"},
}
_BETA_FORMATS: Mapping[str, str] = {"pcm16": "pcm16", "mulaw": "g711_ulaw", "alaw": "g711_alaw"}
TURN_DETECTION = ("server_vad", "semantic_vad", "none")


@dataclass(frozen=True, slots=True)
class RealtimeSettings:
    """Settings of the session. tools: in the format of `session.tools`; tool_output: the answer to every call."""

    version: Literal["ga", "beta"] = "ga"
    encoding: str = "pcm16"
    turn_detection: str = "server_vad"
    model: str | None = None
    voice: str | None = None
    instructions: str | None = None
    transcription: str | None = None
    tools: tuple[dict[str, Any], ...] = ()
    tool_output: str = "{}"
    configure: bool = True


def session_fields(settings: RealtimeSettings) -> dict[str, Any]:
    """Return the `session` of a session.update event."""
    return _beta_session(settings) if settings.version == "beta" else _ga_session(settings)


def _ga_session(settings: RealtimeSettings) -> dict[str, Any]:
    form = _GA_FORMATS[settings.encoding]
    heard: dict[str, Any] = {"format": form, "turn_detection": _turn_detection(settings)}
    if settings.transcription:
        heard["transcription"] = {"model": settings.transcription}
    spoken: dict[str, Any] = {"format": form}
    if settings.voice:
        spoken["voice"] = settings.voice
    session: dict[str, Any] = {"type": "realtime", "output_modalities": ["audio"]}
    return session | {"audio": {"input": heard, "output": spoken}} | _instructions(settings)


def _beta_session(settings: RealtimeSettings) -> dict[str, Any]:
    form = _BETA_FORMATS[settings.encoding]
    session: dict[str, Any] = {
        "modalities": ["text", "audio"],
        "input_audio_format": form,
        "output_audio_format": form,
        "turn_detection": _turn_detection(settings),
    }
    if settings.transcription:
        session["input_audio_transcription"] = {"model": settings.transcription}
    if settings.voice:
        session["voice"] = settings.voice
    return session | _instructions(settings)


def _instructions(settings: RealtimeSettings) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if settings.instructions:
        found["instructions"] = settings.instructions
    if settings.tools:
        found["tools"] = list(settings.tools)
    return found


def _turn_detection(settings: RealtimeSettings) -> dict[str, str] | None:
    kind = settings.turn_detection
    return None if kind == "none" else {"type": kind}


def read_tools(path: str) -> tuple[dict[str, Any], ...]:
    """Read tools from a JSON file. Raises InputError."""
    try:
        found = json.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"tools {path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise InputError(f"tools {path}: is not JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(one, dict) and "name" in one for one in found):
        raise InputError(f'tools {path}: write a JSON list of functions, each like {{"type": "function", "name": …}}')
    return tuple(found)
