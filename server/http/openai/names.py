"""Names of models and voices: this server's own, and OpenAI's as aliases.

The response header MODEL_HEADER names the engine that did the work, also behind an alias.
"""

import re

from server.http.refusal import HttpRefusal
from voicelab.engines.spec import EngineInfo

MODEL_HEADER = "X-Voicelab-Engine"
UNDECODED_HEADER = "X-Voicelab-Undecoded-Seconds"
"""Seconds of the upload that were damaged and not decoded; absent if the upload is intact."""

_TRANSCRIPTION_MODELS = ("whisper-1", "gpt-transcribe", "gpt-4o-transcribe", "gpt-4o-mini-transcribe")
_SPEECH_MODELS = ("tts-1", "tts-1-hd", "gpt-4o-mini-tts")
_DATE = re.compile(r"-\d{4}-\d{2}-\d{2}$")
"""End of the name of a model's version, as in gpt-4o-mini-tts-2025-12-15."""
_VOICES = (
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage", "shimmer", "verse",
)  # fmt: skip
_ALIASES = {"asr": _TRANSCRIPTION_MODELS, "tts": _SPEECH_MODELS}
DEFAULT_VOICE = "default"


def check_model(asked: str, engine: EngineInfo) -> None:
    """Raise HttpRefusal unless `asked` is the engine's name or an OpenAI model of the same kind."""
    if not asked:
        message = f"model is missing; this server has {engine.name!r}, also under OpenAI's names"
        raise HttpRefusal(400, "missing_model", message, parameter="model")
    if asked != engine.name and not _is_alias(asked, engine):
        message = f"the model {asked!r} does not exist; this server has {engine.name!r}, also under OpenAI's names"
        raise HttpRefusal(404, "model_not_found", message, parameter="model")


def check_voice(asked: str, engine: EngineInfo) -> None:
    """Raise HttpRefusal unless `asked` is the engine's voice, DEFAULT_VOICE or one of OpenAI's voices."""
    own = engine.options.get("voice")
    if asked not in (DEFAULT_VOICE, own, *_VOICES):
        has = f"{own!r} (or {DEFAULT_VOICE!r})" if own else f"{DEFAULT_VOICE!r}"
        message = f"the voice {asked!r} does not exist; this server has {has}, also under OpenAI's names"
        raise HttpRefusal(400, "voice_not_found", message, parameter="voice")


def model_views(engines: tuple[EngineInfo, ...]) -> list[dict[str, object]]:
    """Return the engines in OpenAI's model format, each name once."""
    return [_view(name) for name in dict.fromkeys(engine.name for engine in engines)]


def model_view(asked: str, engines: tuple[EngineInfo, ...]) -> dict[str, object]:
    """Return a model by its name or an alias. Raises HttpRefusal if it does not exist."""
    for engine in engines:
        if asked == engine.name:
            return _view(asked)
    for engine in engines:
        if _is_alias(asked, engine):
            return _view(asked) | {"alias_of": engine.name}
    has = ", ".join(dict.fromkeys(engine.name for engine in engines))
    message = f"the model {asked[:100]!r} does not exist; this server has {has}"
    raise HttpRefusal(404, "model_not_found", message, parameter="model")


def _is_alias(asked: str, engine: EngineInfo) -> bool:
    return _DATE.sub("", asked) in _ALIASES[engine.kind]


def _view(name: str) -> dict[str, object]:
    return {"id": name, "object": "model", "created": 0, "owned_by": "voicelab"}
