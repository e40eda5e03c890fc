"""Shared options that name the columns of sets and transcripts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from voicelab.datasets.columns import SetColumns

RefColumnOption = Annotated[
    str | None,
    typer.Option("--ref-column", help="The column of the references. \\[text, sentence, transcription, transcript]"),
]
IdColumnOption = Annotated[
    str | None, typer.Option("--id-column", help="The column of the ids. \\[id, else the recording's path]")
]
SpeakerColumnOption = Annotated[
    str | None, typer.Option("--speaker-column", help="The column of the speakers. \\[speaker, client_id, speaker_id]")
]
AudioColumnOption = Annotated[
    str | None,
    typer.Option("--audio-column", help="The column of the recordings. \\[audio_filepath, file_name, path, audio]"),
]


def set_columns(
    reference: str | None, sample_id: str | None, speaker: str | None, audio: str | None, *, goes_with: bool = True
) -> SetColumns | None:
    """The columns named by the options; None if none is given.

    goes_with: whether the command reads a set; if not, a named column raises InputError.
    """
    from voicelab.datasets.columns import SetColumns

    found = SetColumns(reference, sample_id, speaker, audio)
    if not found.options:
        return None
    if not goes_with:
        from voicelab.errors import InputError

        raise InputError(f"{found.options[0]} goes with --samples; leave it out for a run, which stores its columns")
    return found
