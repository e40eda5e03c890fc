"""OpenAI's audio routes with this server's own engines, so that any client of that interface can use them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import Field, StringConstraints, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import JSONResponse, PlainTextResponse, Response

from server.faults import headers_of
from server.messages import ErrorCode, Name, SentStrictly
from server.routes import SharedServices
from server.services import Services
from voicelab import codecs
from voicelab.asr.base import Transcript
from voicelab.audio import decoding
from voicelab.audio.limits import Limits
from voicelab.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import BusyError, EngineBusyError, EngineError, InputError, VoicelabError
from voicelab.text import sentences

router = APIRouter(prefix="/v1")

_TYPES = {
    "mp3": "audio/mpeg", "opus": "audio/ogg", "flac": "audio/flac", "wav": "audio/wav", "pcm": "audio/pcm",
}  # fmt: skip
_PCM_RATE_HZ = 24_000
_TEXT_FORMATS = ("json", "text", "verbose_json")
_FIELDS = {"file", "model", "response_format", "temperature"}


class Speech(SentStrictly):
    """What to say. voice is the one this server has; "default" means it."""

    model: Name
    input: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4096)]
    voice: Name = "default"
    response_format: Literal["mp3", "opus", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, Field(ge=1, le=1)] = 1


class Refusal(Exception):  # noqa: N818 - as Refused in messages.py
    """An answer that is an error, in the shape OpenAI's clients read."""

    def __init__(self, status: int, code: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.parameter = status, code, parameter

    def response(self) -> JSONResponse:
        kind = "server_error" if self.status >= 500 else "invalid_request_error"
        error = {"message": str(self), "type": kind, "param": self.parameter, "code": self.code}
        return JSONResponse({"error": error}, status_code=self.status, headers=headers_of(self.status))


@router.get("/models", summary="The engines, by OpenAI's interface")
async def models(services: SharedServices) -> dict[str, Any]:
    engines = (services.pipeline.asr.info, services.pipeline.tts.info)
    rows = [{"id": engine.name, "object": "model", "created": 0, "owned_by": "voicelab"} for engine in engines]
    return {"object": "list", "data": rows}


@router.post("/audio/transcriptions", summary="Sound to text, by OpenAI's interface")
async def transcriptions(request: Request, services: SharedServices) -> Response:
    try:
        clip, form = await _uploaded(request, services)
        transcript = await _hear(services, clip)
    except Refusal as problem:
        return problem.response()
    except VoicelabError as error:
        return _problem(error).response()
    if form == "text":
        return PlainTextResponse(transcript.text + "\n")
    known = {"language": transcript.language, "emotion": transcript.emotion, "event": transcript.event}
    body: dict[str, Any] = {"text": transcript.text, **{name: value for name, value in known.items() if value}}
    if form == "verbose_json":
        body |= {"task": "transcribe", "duration": clip.duration_s, "language": transcript.language or ""}
    return JSONResponse(body)


@router.post("/audio/speech", summary="Text to sound, by OpenAI's interface")
async def speech(request: Request, services: SharedServices) -> Response:
    try:
        wanted = Speech.model_validate_json(await request.body())
        _check_model(wanted.model, services.pipeline.tts.info.name)
        _check_voice(wanted.voice, services)
        parts = sentences(wanted.input)
        if not parts:
            raise Refusal(400, "nothing_to_say", "there are no words in input", "input")
        clip = Clip.join([await services.pipeline.tts.call("speak", part) for part in parts])
        data = await services.pools.encoding.run(_encoded, clip, wanted.response_format)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(map(str, first["loc"])) or "body"
        return Refusal(400, "invalid_value", f"{field}: {first['msg']}", field).response()
    except Refusal as problem:
        return problem.response()
    except VoicelabError as error:
        return _problem(error).response()
    return Response(data, media_type=_TYPES[wanted.response_format])


async def _uploaded(request: Request, services: Services) -> tuple[Clip, str]:
    """The sound of the form, and how the answer is wanted. A field that could only be ignored is refused."""
    try:
        async with request.form(max_files=1) as form:
            shape, data = await _read(form, services)
    except StarletteHTTPException as error:
        raise Refusal(400, "invalid_form", f"not a form: {error.detail}") from error
    decoded = await decoding.load_async(
        data,
        source="the file",
        limits=Limits(longest_s=services.settings.max_turn_s),
        rate_hz=SPEECH_RATE_HZ,
        executor=services.pools.decoding,
    )
    return decoded.clip, shape


async def _read(form: FormData, services: Services) -> tuple[str, bytes]:
    """The response format, and the file's bytes."""
    for name, value in form.items():
        if name not in _FIELDS or (name == "temperature" and str(value) not in ("0", "0.0")):
            message = (
                f"{name} cannot be chosen here; it is set where the server's recognizer is (ASR=name:option=value)"
            )
            raise Refusal(400, "unsupported_parameter", message, name)
    file, shape = form.get("file"), str(form.get("response_format", "json"))
    if not isinstance(file, UploadFile):
        raise Refusal(400, "missing_file", "send the recording as the form's file", "file")
    if shape not in _TEXT_FORMATS:
        message = f"response_format is one of {', '.join(_TEXT_FORMATS)}, not {shape!r}"
        raise Refusal(400, "invalid_value", message, "response_format")
    _check_model(str(form.get("model", "")), services.pipeline.asr.info.name)
    limit = services.settings.max_message_bytes
    data = await file.read(limit + 1)
    if len(data) > limit:
        raise Refusal(413, "file_too_large", f"the file holds more than {limit} bytes (MAX_MESSAGE_BYTES)", "file")
    return shape, data


async def _hear(services: Services, clip: Clip) -> Transcript:
    stream = services.pipeline.asr.stream()
    try:
        await stream.post("feed", clip)
        transcript: Transcript = await stream.call("finish")
        return transcript
    finally:
        await stream.close()


def _check_model(asked: str, name: str) -> None:
    if asked != name:
        raise Refusal(404, "model_not_found", f"there is no model {asked!r} here; this server has {name!r}", "model")


def _check_voice(asked: str, services: Services) -> None:
    own = services.pipeline.tts.info.options.get("voice")
    if asked not in ("default", own):
        has = f"{own!r} (or 'default')" if own else "'default'"
        raise Refusal(400, "voice_not_found", f"there is no voice {asked!r} here; this server has {has}", "voice")


def _encoded(clip: Clip, form: str) -> bytes:
    if form == "pcm":
        return clip.at_rate(_PCM_RATE_HZ).to_pcm16()
    return codecs.encode_wav(clip) if form == "wav" else codecs.encode(clip, form)


def _problem(error: VoicelabError) -> Refusal:
    if isinstance(error, InputError):
        return Refusal(400, "bad_audio", str(error), "file")
    if isinstance(error, BusyError):
        return Refusal(503, ErrorCode.SERVER_BUSY, str(error))
    if isinstance(error, EngineBusyError):
        return Refusal(503, ErrorCode.ENGINE_BUSY, str(error))
    if isinstance(error, EngineError):
        return Refusal(503, "engine_failed", f"the engine {error.engine} failed at this; send it again")
    return Refusal(500, "internal_error", str(error))
