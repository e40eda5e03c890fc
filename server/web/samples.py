"""API for the sample set, which the page sends recordings from and takes prompts from."""

import logging
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, StringConstraints, TypeAdapter
from starlette.responses import Response

from server.http.api import SharedServices
from server.http.refusal import HttpRefusal
from server.services import Services
from voicelab import datasets
from voicelab.audio import decoding
from voicelab.errors import InputError
from voicelab.paths import shipped

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/app/api/samples")

_HEADERS = {"X-Content-Type-Options": "nosniff"}


LONGEST_ID = 1000
"""Sample ids of external sets can be paths."""
SampleId = Annotated[str, StringConstraints(max_length=LONGEST_ID)]


class SampleView(BaseModel):
    """A recording of the sample set."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    text: str
    category: str
    speaker: str | None
    requires_context: bool


_VIEWS = TypeAdapter(list[SampleView])


@lru_cache(maxsize=1)
def _load(path: Path, *, outside: bool) -> datasets.SampleSet:
    """Load the set. Unless `outside`, omits samples whose files are outside the set's folder after following links."""
    found = datasets.load(path)
    if outside:
        return found
    home = found.path.parent.resolve() if found.path.is_file() else found.path.resolve()
    inside = tuple(sample for sample in found.samples if sample.audio_path.resolve().is_relative_to(home))
    if left_out := len(found.samples) - len(inside):
        logger.warning(
            "SAMPLES=%s: omitting %d of %d samples, whose files are outside the set's folder; "
            "set SAMPLES_OUTSIDE=true to allow them",
            *(path, left_out, len(found.samples)),
        )
    return replace(found, samples=inside, scenarios=())


async def sample_set(services: SharedServices) -> datasets.SampleSet:
    """Return the set of SAMPLES, or the shipped one, without the samples that may not be served."""
    return await services.pools.files.run(_chosen, services)


def _chosen(services: Services) -> datasets.SampleSet:
    settings = services.settings
    try:
        return _load(settings.samples or shipped("voice_samples"), outside=settings.samples_outside)
    except InputError as error:
        logger.warning("the sample set cannot be loaded: %s", error)
        raise HttpRefusal(
            404, "not_found", "the sample set cannot be loaded; see the server's log, and set SAMPLES"
        ) from error


Chosen = Annotated[datasets.SampleSet, Depends(sample_set)]


@router.get("", summary="List the recordings of the sample set", response_model=list[SampleView])
async def listing(chosen: Chosen, services: SharedServices) -> Response:
    return await services.pools.files.run(_listed, chosen)


def _listed(chosen: datasets.SampleSet) -> Response:
    """Return the response with a SampleView for each sample. Runs in a thread, because a set can be long."""
    views = [SampleView.model_validate(sample) for sample in chosen.samples]
    return Response(_VIEWS.dump_json(views), media_type="application/json")


@router.get("/{sample_id:path}/audio", summary="Get the audio of a recording")
async def audio(sample_id: SampleId, chosen: Chosen, services: SharedServices) -> Response:
    """Sends only audio: files without the signature of an audio container are refused."""
    sample = next((sample for sample in chosen.samples if sample.id == sample_id), None)
    if sample is None:
        raise HttpRefusal(404, "not_found", f"there is no sample {sample_id}")
    try:
        data = await services.pools.files.run(sample.audio_bytes)
    except InputError as error:
        logger.warning("a sample cannot be served: %s", error)
        raise HttpRefusal(404, "not_found", f"the recording of sample {sample_id} cannot be read") from error
    if decoding.container_name(data) is None:
        raise HttpRefusal(404, "not_found", f"the file of sample {sample_id} is not audio")
    return Response(data, media_type=decoding.media_type(data), headers=_HEADERS)
