"""`voicelab samples`: check a sample set and count its contents."""

from pathlib import Path
from typing import Annotated

from voicelab.cli import options, terminal
from voicelab.errors import InputError
from voicelab.text.plural import counted


def samples(
    path: Annotated[
        Path | None, options.set_argument(help=f"{options.SET.capitalize()}. \\[default: the shipped set]")
    ] = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
) -> None:
    """Check a sample set, decode its audio, and count its contents.

    Example: voicelab samples my/set.jsonl
    """
    from voicelab.datasets.contents import contents

    found = options.load_set(path, ref_column, id_column, speaker_column, audio_column)
    for notice in found.notices:
        terminal.warn(notice)
    held = contents(found)
    rows = [
        (one.category, str(one.samples), f"{one.duration_s:.1f}", ", ".join(one.speakers)) for one in held.categories
    ]
    terminal.table(f"{found.path}", ("category", "samples", "seconds", "speakers"), rows)
    counts = f"{counted(len(found.samples), 'sample')}, {counted(len(found.scenarios), 'scenario')}"
    if held.undecoded_s:
        listed = ", ".join(f"{name} ({undecoded_s:.2f} s)" for name, undecoded_s in held.undecoded_s.items())
        raise InputError(f"{found.path}: {counts}; damaged, with the seconds that cannot be decoded: {listed}")
    terminal.echo(f"{counts}; every recording can be decoded.")
    if held.silent:
        terminal.echo(f"{held.silent} of them without speech: words recognized there count as insertions.")
    if held.languages:
        terminal.echo(f"language: {', '.join(held.languages)}")
