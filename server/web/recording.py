"""API to record a set on the page: takes are uploaded, checked, recognized, and accepted or deleted."""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Depends, File, Form, UploadFile
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from starlette.responses import FileResponse, Response

from server.http.api import SharedServices, TokenUser
from server.http.refusal import HttpRefusal
from server.logs import QUOTED
from server.messages import LONGEST_NAME, LONGEST_TEXT, ClientMessage, Name
from server.services import Services
from server.web.recorded_set import CONSENT, FullError, NotFoundError, Prompt, RecordedSet, Take
from server.web.recordings import RecordingStore, prompts_of
from server.web.samples import LONGEST_ID, sample_set
from server.web.set_files import UnreadableError
from voicelab.audio import decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.decoding import Decoded
from voicelab.audio.limits import Limits
from voicelab.audio.sound_quality import check
from voicelab.datasets import Sample
from voicelab.errors import EngineError, InputError
from voicelab.metrics.words import align, counts_of
from voicelab.pipeline.recognition import recognize
from voicelab.text import normalizer

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/app/api/recordings")

_PROMPT_LIMITS = Limits(longest_s=60.0)
MOST_PROMPTS = 10_000
"""Hard limit of a request; MAX_SET_PROMPTS limits the prompts of a set."""
PromptText = Annotated[str, StringConstraints(max_length=LONGEST_TEXT)]


class Overview(BaseModel):
    """Whether recording is enabled, and the names of the sets."""

    enabled: bool
    consent: str = CONSENT
    sets: list[str] = []


class NewSet(ClientMessage):
    """A new set; without texts it uses those of the sample set."""

    name: Name
    texts: Annotated[list[PromptText], Field(max_length=MOST_PROMPTS, fail_fast=True)] | None = None


class PromptView(BaseModel):
    """A prompt, and the speakers with an accepted recording of it."""

    id: str
    text: str
    speakers: list[str]


class TakeView(BaseModel):
    """An undecided take with the results of its checks."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    prompt_id: str
    speaker: str
    device: str
    duration_s: float
    heard: str | None
    report: dict[str, Any]


class SetView(BaseModel):
    """A set with its prompts and undecided takes."""

    name: str
    prompts: list[PromptView]
    takes: list[TakeView]


class Accepted(BaseModel):
    """The new sample."""

    sample_id: str


_ANSWERS: tuple[tuple[type[InputError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (FullError, 507, "full"),
    (UnreadableError, 500, "unreadable"),
    (InputError, 422, "bad_request"),
)


@contextmanager
def _as_answers() -> Iterator[None]:
    """Convert InputError to a refusal with its message."""
    try:
        yield
    except InputError as error:
        status, code = next((status, code) for kind, status, code in _ANSWERS if isinstance(error, kind))
        raise HttpRefusal(status, code, str(error)) from error


async def _recordings(services: SharedServices, token_user: TokenUser) -> RecordingStore:
    """Return the sets of the token's user; all sets when the server does not require tokens."""
    folder = services.settings.recordings_dir
    if folder is None:
        message = "recording is off; start the server with RECORDINGS_DIR=data/recordings"
        raise HttpRefusal(403, "recording_off", message)
    return RecordingStore(folder, token_user, services.settings)


Sets = Annotated[RecordingStore, Depends(_recordings)]


async def _chosen_set(name: Name, sets: Sets, services: SharedServices) -> RecordedSet:
    with _as_answers():
        return await services.pools.files.run(sets.get, name)


Chosen = Annotated[RecordedSet, Depends(_chosen_set)]


async def _chosen_take(take_id: Name, chosen: Chosen, services: SharedServices) -> Take:
    with _as_answers():
        return await services.pools.files.run(chosen.take, take_id)


ChosenTake = Annotated[Take, Depends(_chosen_take)]


@router.get("", summary="List the recorded sets")
async def overview(services: SharedServices, token_user: TokenUser) -> Overview:
    if services.settings.recordings_dir is None:
        return Overview(enabled=False)
    sets = await services.pools.files.run((await _recordings(services, token_user)).sets)
    return Overview(enabled=True, sets=[one.name for one in sets])


@router.post("", summary="Create a set", status_code=201, response_model=SetView)
async def create(body: NewSet, sets: Sets, services: SharedServices) -> Response:
    samples = (await sample_set(services)).samples if body.texts is None else ()
    return await services.pools.files.run(_create, body, samples, sets)


def _create(body: NewSet, samples: Sequence[Sample], sets: RecordingStore) -> Response:
    """Create a set. Runs in a thread, because many prompts take a while."""
    if body.texts is None:
        # Use each text once, also if several speakers recorded it, and skip samples that need a previous turn.
        by_text = {sample.text: Prompt.of(sample) for sample in reversed(samples) if not sample.requires_context}
        prompts = tuple(reversed(by_text.values()))
    else:
        prompts = prompts_of(body.texts)
    with _as_answers():
        return _view(sets.create(body.name, prompts), status=201)


@router.get("/{name}", summary="Get a set", response_model=SetView)
async def detail(chosen: Chosen, services: SharedServices) -> Response:
    with _as_answers():
        return await services.pools.files.run(_view, chosen)


@router.post("/{name}/takes", summary="Record a prompt", status_code=201)
async def record(
    chosen: Chosen,
    services: SharedServices,
    audio: Annotated[UploadFile, File()],
    prompt_id: Annotated[str, Form(max_length=LONGEST_ID)],
    speaker: Annotated[str, Form(max_length=LONGEST_NAME)],
    consent: Annotated[bool, Form()],
    device: Annotated[str, Form(max_length=LONGEST_NAME)] = "",
) -> TakeView:
    """Stores the take before checking and recognizing it, so that a failure of these cannot lose it."""
    if not consent:
        message = "consent: a recording is stored only with the speaker's consent; send true"
        raise HttpRefusal(422, "no_consent", message)
    limit = services.settings.max_message_bytes
    data = await audio.read(limit + 1)
    if len(data) > limit:
        raise HttpRefusal(413, "message_too_large", f"the recording holds more than {limit} bytes (MAX_MESSAGE_BYTES)")
    with _as_answers():
        prompt = await services.pools.files.run(chosen.prompt, prompt_id)
        decoded = await decoding.load_async(
            data, source="the recording", limits=_PROMPT_LIMITS, executor=services.pools.decoding
        )
        take = await services.pools.files.run(chosen.keep, prompt, speaker, device, decoded.clip)
    heard = await _heard(services, decoded.clip)
    report = await services.pools.files.run(_report, decoded, prompt.text, heard)
    checked = await services.pools.files.run(chosen.store_checks, take, heard=heard, report=report)
    if checked is None:
        raise HttpRefusal(404, "not_found", f"the take {take.id} was deleted while it was recognized")
    return TakeView.model_validate(checked)


@router.get("/{name}/takes/{take_id}/audio", summary="Get the audio of a take", response_class=FileResponse)
async def take_audio(chosen: Chosen, take: ChosenTake) -> FileResponse:
    return FileResponse(chosen.audio(take), media_type="audio/flac", headers={"Cache-Control": "no-store"})


@router.post("/{name}/takes/{take_id}/accept", summary="Accept a take as a sample")
async def accept(chosen: Chosen, take: ChosenTake, services: SharedServices) -> Accepted:
    with _as_answers():
        return Accepted(sample_id=await services.pools.files.run(chosen.accept, take))


@router.delete("/{name}/takes/{take_id}", summary="Delete a take", status_code=204)
async def discard(chosen: Chosen, take_id: Name, services: SharedServices) -> None:
    with _as_answers():
        await services.pools.files.run(chosen.discard, take_id)


async def _heard(services: Services, clip: Clip) -> str | None:
    """Return the recognizer's transcript; None if the recognizer fails."""
    resampled = await services.pools.decoding.run(clip.at_rate, SPEECH_RATE_HZ)
    try:
        return (await recognize(services.pipeline.asr, resampled)).text
    except EngineError as error:
        logger.warning("a take could not be recognized: the engine %s failed", error.engine, extra={QUOTED: str(error)})
        return None


def _report(decoded: Decoded, text: str, heard: str | None) -> dict[str, Any]:
    """Return the audio quality, the seconds that could not be decoded, and the WER against the prompt."""
    wer = None if heard is None else counts_of(align(text, heard, normalizer("english"))).wer
    return {**asdict(check(decoded.clip)), "undecoded_s": decoded.undecoded_s, "wer": wer}


def _view(chosen: RecordedSet, *, status: int = 200) -> Response:
    """Return the response with a SetView. Runs in a thread, because a set can have thousands of takes."""
    done: dict[str, list[str]] = {}
    for row in chosen.accepted():
        done.setdefault(row["id"].removesuffix(f"_{row['speaker']}"), []).append(row["speaker"])
    prompts = [
        PromptView(id=prompt.id, text=prompt.text, speakers=done.get(prompt.id, [])) for prompt in chosen.prompts()
    ]
    takes = [TakeView.model_validate(take) for take in chosen.takes()]
    found = SetView(name=chosen.name, prompts=prompts, takes=takes)
    return Response(found.model_dump_json(), status, media_type="application/json")
