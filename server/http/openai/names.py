"""Names of models and voices: this server's own, and OpenAI's as aliases for them.

An alias is never silent: the response header MODEL_HEADER names the engine that did the work.
"""

from __future__ import annotations

from server.http.openai.errors import OpenAIError
from voicelab.engines.spec import EngineInfo

MODEL_HEADER = "X-Voicelab-Engine"
UNDECODED_HEADER = "X-Voicelab-Undecoded-Seconds"
"""Seconds of the upload that are damaged and could not be decoded; absent where all of it was decoded."""

_TRANSCRIPTION_MODELS = (
    "whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe", "gpt-4o-mini-transcribe-2025-12-15",
)  # fmt: skip
_SPEECH_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts", "gpt-4o-mini-tts-2025-12-15")
_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
_ALIASES = {"asr": _TRANSCRIPTION_MODELS, "tts": _SPEECH_MODELS}
DEFAULT_VOICE = "default"


def check_model(asked: str, engine: EngineInfo) -> None:
    """Raises OpenAIError unless this names the engine, or is OpenAI's name for a model of its kind."""
    if asked != engine.name and asked not in _ALIASES[engine.kind]:
        message = f"there is no model {asked!r} here; this server has {engine.name!r}, which OpenAI's names stand for"
        raise OpenAIError(404, "model_not_found", message, "model")


def check_voice(asked: str, engine: EngineInfo) -> None:
    """Raises OpenAIError unless this names the engine's voice, DEFAULT_VOICE, or is a name of OpenAI's."""
    own = engine.options.get("voice")
    if asked not in (DEFAULT_VOICE, own, *_VOICES):
        has = f"{own!r} (or {DEFAULT_VOICE!r})" if own else f"{DEFAULT_VOICE!r}"
        message = f"there is no voice {asked!r} here; this server has {has}, which OpenAI's names stand for"
        raise OpenAIError(400, "voice_not_found", message, "voice")


def model_views(engines: tuple[EngineInfo, ...]) -> list[dict[str, object]]:
    """The engines as models, each name once."""
    return [_view(name) for name in dict.fromkeys(engine.name for engine in engines)]


def model_view(asked: str, engines: tuple[EngineInfo, ...]) -> dict[str, object]:
    """One model by its own name or by an alias; OpenAIError when there is none."""
    for engine in engines:
        if asked == engine.name:
            return _view(asked)
    for engine in engines:
        if asked in _ALIASES[engine.kind]:
            return _view(asked) | {"alias_of": engine.name}
    has = ", ".join(dict.fromkeys(engine.name for engine in engines))
    raise OpenAIError(404, "model_not_found", f"there is no model {asked[:100]!r} here; this server has {has}", "model")


def _view(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "voicelab"}
