"""The sample set, for the page to send from and to take prompts from."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException
from pydantic import BaseModel, StringConstraints
from starlette.responses import Response

from server.routes import SharedServices
from server.services import Services
from voicelab import datasets
from voicelab.audio import decoding
from voicelab.errors import InputError
from voicelab.places import shipped

router = APIRouter(prefix="/app/api/samples")


SampleId = Annotated[str, StringConstraints(max_length=1000)]
"""Ids of sets made elsewhere can be paths."""


class SampleView(BaseModel):
    """A recording that can be sent."""

    id: str
    text: str
    category: str
    speaker: str | None
    requires_context: bool


@lru_cache(maxsize=1)
def _load(path: Path) -> datasets.SampleSet:
    return datasets.load(path)


async def sample_set(services: SharedServices) -> datasets.SampleSet:
    """The set that SAMPLES names, or the shipped one."""
    return await services.pools.files.run(_chosen, services)


def _chosen(services: Services) -> datasets.SampleSet:
    try:
        return _load(services.settings.samples or shipped("voice_samples"))
    except InputError as error:
        raise HTTPException(404, detail=f"there is no sample set: {error}; set SAMPLES") from error


Chosen = Annotated[datasets.SampleSet, Depends(sample_set)]


@router.get("", summary="The recordings of the sample set")
async def listing(chosen: Chosen) -> list[SampleView]:
    return [
        SampleView(
            id=sample.id,
            text=sample.text,
            category=sample.category,
            speaker=sample.speaker,
            requires_context=sample.requires_context,
        )
        for sample in chosen.samples
    ]


@router.get("/{sample_id:path}/audio", summary="One recording")
async def audio(sample_id: SampleId, chosen: Chosen, services: SharedServices) -> Response:
    try:
        sample = chosen.sample(sample_id)
        data = await services.pools.files.run(sample.audio_bytes)
    except InputError as error:
        raise HTTPException(404, detail=f"there is no sample {sample_id}") from error
    return Response(data, media_type=decoding.media_type(data))
