"""Converts one entry of a set to a Sample."""

from collections.abc import Iterable
from pathlib import Path

from voicelab.datasets.fields import Fields
from voicelab.datasets.samples import AudioKind, Sample, Scenario
from voicelab.errors import InputError


def sample(
    fields: Fields, sample_id: str, category: str, audio: Path, kind: AudioKind, *, language: str | None = None
) -> Sample:
    """Convert an entry to a Sample. Raises InputError, which names the entry and the field.

    language: language of the set, for entries without one.
    """
    return Sample(
        id=sample_id,
        text=fields.reference(),
        audio_path=audio,
        audio_kind=kind,
        category=category,
        speaker=fields.name("speaker"),
        expected_entities=fields.texts("expected_entities"),
        expected_intent=fields.text_or_none("expected_intent"),
        expected_tool_calls=fields.calls("expected_tool_calls"),
        requires_context=fields.flag("requires_context"),
        over_reply=fields.over_reply("over_reply"),
        sha256=fields.text_or_none("sha256"),
        language=fields.language(language),
        offset_s=fields.seconds("offset"),
        duration_s=fields.seconds("duration"),
        listed_at=f"{fields.path}: {fields.entry}",
    )


def check_ids(path: Path, kind: str, items: Iterable[Sample] | Iterable[Scenario]) -> None:
    """Raise InputError when two items have the same id."""
    seen: dict[str, Sample | Scenario] = {}
    for one in items:
        if one.id in seen:
            raise InputError(f"{path}: two {kind}s have the id {one.id!r}; give each a unique `id`")
        seen[one.id] = one
