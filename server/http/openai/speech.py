"""The body of a speech request, and the encoding of the response."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from server.http.openai.names import DEFAULT_VOICE
from server.messages import Name, StrictClientMessage
from voicelab.audio import codecs
from voicelab.audio.clip import Clip
from voicelab.audio.time_stretch import stretch

MEDIA_TYPES = {
    "mp3": "audio/mpeg", "opus": "audio/ogg", "aac": "audio/aac", "flac": "audio/flac", "wav": "audio/wav",
    "pcm": "audio/pcm",
}  # fmt: skip
_PCM_RATE_HZ = 24_000
_REQUIRED = ("model", "input")


class Speech(StrictClientMessage):
    """Body of `POST /v1/audio/speech`. A field that is null or empty counts as absent, except for the required ones."""

    model: Name
    input: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
    voice: Name = DEFAULT_VOICE
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Field(ge=0.25, le=4)] = 1
    stream_format: Literal["audio"] | None = None
    instructions: str | None = None

    @field_validator("instructions")
    @classmethod
    def _none(cls, instructions: str | None) -> str | None:
        if instructions and instructions.strip():
            raise ValueError("the voice does not take instructions; omit them")
        return instructions

    @model_validator(mode="before")
    @classmethod
    def _without_empty(cls, data: Any) -> Any:
        if not isinstance(data, dict):
            return data
        return {key: value for key, value in data.items() if value is not None and (value != "" or key in _REQUIRED)}


def encoded(clips: Sequence[Clip], wanted: Speech) -> bytes:
    """Return the joined audio as a complete file, or as raw samples for pcm."""
    clip = stretch(Clip.join(clips), wanted.speed)
    if wanted.response_format == "pcm":
        return clip.at_rate(_PCM_RATE_HZ).to_pcm16()
    return codecs.encode(clip, wanted.response_format)
