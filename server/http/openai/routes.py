"""Routes of the OpenAI-compatible audio API."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from pydantic import ValidationError
from starlette.exceptions import HTTPException as StarletteHTTPException
from starlette.responses import Response

from server.http.api import SharedServices
from server.http.openai import names
from server.http.openai.errors import of_validation
from server.http.openai.speech import MEDIA_TYPES, Speech, encoded
from server.http.openai.transcription_form import TranscriptionForm, check_language, read_form
from server.http.openai.transcripts import respond
from server.http.paths import OPENAI_PREFIX
from server.http.refusal import HttpRefusal
from server.messages import LONGEST_NAME
from server.services import Services
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.limits import Limits
from voicelab.pipeline.recognition import recognize
from voicelab.pipeline.spoken_text import spoken_parts

router = APIRouter(prefix=OPENAI_PREFIX)
_FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")


@router.get("/models", summary="List the engines as models (OpenAI-compatible)")
async def models(services: SharedServices) -> dict[str, Any]:
    return {"object": "list", "data": names.model_views(_engines(services))}


@router.get("/models/{model:path}", summary="Get one engine as a model (OpenAI-compatible)")
async def model(model: Annotated[str, Path(max_length=LONGEST_NAME)], services: SharedServices) -> dict[str, object]:
    return names.model_view(model, _engines(services))


@router.post("/audio/transcriptions", summary="Transcribe audio (OpenAI-compatible)")
async def transcriptions(request: Request, services: SharedServices) -> Response:
    engine = services.pipeline.asr.info.name
    form = await _form(request, services)
    decoded = await decoding.load_async(
        form.data,
        source="the file",
        limits=Limits(longest_s=services.settings.max_turn_s),
        rate_hz=SPEECH_RATE_HZ,
        executor=services.pools.decoding,
    )
    transcript = await recognize(services.pipeline.asr, decoded.clip)
    check_language(form.languages, transcript)
    response = respond(transcript, form, decoded, engine)
    response.headers[names.MODEL_HEADER] = engine
    if decoded.undecoded_s:
        response.headers[names.UNDECODED_HEADER] = f"{decoded.undecoded_s:.3f}"
    return response


@router.post("/audio/speech", summary="Synthesize speech (OpenAI-compatible)")
async def speech(request: Request, services: SharedServices) -> Response:
    engine = services.pipeline.tts.info
    try:
        wanted = Speech.model_validate_json(await request.body())
    except ValidationError as error:
        raise of_validation(error) from error
    names.check_model(wanted.model, engine)
    names.check_voice(wanted.voice, engine)
    parts = spoken_parts(wanted.input, clauses=False)
    if not parts:
        raise HttpRefusal(400, "nothing_to_say", "input contains no words", parameter="input")
    clips = await _spoken(parts, wanted.speed, services)
    data = await services.pools.encoding.run(encoded, clips, wanted)
    return Response(data, media_type=MEDIA_TYPES[wanted.response_format], headers={names.MODEL_HEADER: engine.name})


async def _spoken(parts: Sequence[str], speed: float, services: Services) -> list[Clip]:
    """Synthesize the parts. Raises HttpRefusal for too much speech, which is known only when it is synthesized."""
    clips: list[Clip] = []
    longest_s, duration_s = services.settings.max_speech_s, 0.0
    for part in parts:
        clip: Clip = await services.pipeline.tts.call("speak", part)
        clips.append(clip)
        duration_s += clip.duration_s / speed
        if duration_s > longest_s:
            message = f"the speech is longer than {longest_s:g} s (MAX_SPEECH_S); send it in several requests"
            raise HttpRefusal(400, "speech_too_long", message, parameter="input")
    return clips


async def _form(request: Request, services: Services) -> TranscriptionForm:
    kind = request.headers.get("content-type", "")
    if not kind.lower().startswith(_FORMS):
        what = f"the body is {kind[:100]}, not a form" if kind else "the request has no Content-Type"
        message = f"{what}; send multipart/form-data with the recording in the field `file`"
        raise HttpRefusal(400, "invalid_form", message, parameter="file")
    try:
        async with request.form(max_files=1) as form:
            return await read_form(form, services.pipeline.asr.info, services.settings.max_message_bytes)
    except StarletteHTTPException as error:
        raise HttpRefusal(400, "invalid_form", f"the body is not a valid form: {error.detail}") from error


def _engines(services: Services) -> tuple[Any, ...]:
    return services.pipeline.asr.info, services.pipeline.tts.info
