"""The session to request from an OpenAI Realtime server, in GA and beta format."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.errors import InputError
from voicelab.targets.streaming.sound import SoundFormat

if TYPE_CHECKING:
    from voicelab.targets.openai_realtime import OpenAIRealtime

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


def session_fields(target: OpenAIRealtime) -> dict[str, Any]:
    """Return the `session` of a session.update event."""
    return _beta_session(target) if target.version == "beta" else _ga_session(target)


def _ga_session(target: OpenAIRealtime) -> dict[str, Any]:
    form = _GA_FORMATS[target.encoding]
    heard: dict[str, Any] = {"format": form, "turn_detection": _turn_detection(target)}
    if target.transcription:
        heard["transcription"] = {"model": target.transcription}
    spoken: dict[str, Any] = {"format": form}
    if target.voice:
        spoken["voice"] = target.voice
    session: dict[str, Any] = {"type": "realtime", "output_modalities": ["audio"]}
    return session | {"audio": {"input": heard, "output": spoken}} | _instructions(target)


def _beta_session(target: OpenAIRealtime) -> dict[str, Any]:
    form = _BETA_FORMATS[target.encoding]
    session: dict[str, Any] = {
        "modalities": ["text", "audio"],
        "input_audio_format": form,
        "output_audio_format": form,
        "turn_detection": _turn_detection(target),
    }
    if target.transcription:
        session["input_audio_transcription"] = {"model": target.transcription}
    if target.voice:
        session["voice"] = target.voice
    return session | _instructions(target)


def _instructions(target: OpenAIRealtime) -> dict[str, Any]:
    found = {"instructions": target.instructions, "tools": list(target.functions)}
    return {name: value for name, value in found.items() if value}


def _turn_detection(target: OpenAIRealtime) -> dict[str, str] | None:
    kind = target.turn_detection
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
