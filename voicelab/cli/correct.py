"""`voicelab correct`: the next version of a sample set."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import completion, terminal
from voicelab.cli.column_options import (
    AudioColumnOption,
    IdColumnOption,
    RefColumnOption,
    SpeakerColumnOption,
    set_columns,
)


def correct(
    samples: Annotated[
        Path,
        typer.Argument(
            metavar="SET", help="The set to correct.", show_default=False, autocompletion=completion.sample_sets
        ),
    ],
    fixes: Annotated[
        Path,
        typer.Argument(metavar="FIXES.csv", help="Filled in, as voicelab audit --fixes wrote it.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the new version; made here.", show_default=False)],
    version: Annotated[str | None, typer.Option(help="Its number. \\[default: the last part raised by one]")] = None,
    run: Annotated[
        Path | None,
        typer.Option(
            help="A run on SET: show its figures under the old and the new labels.",
            autocompletion=completion.run_folders,
        ),
    ] = None,
    ref_column: RefColumnOption = None,
    id_column: IdColumnOption = None,
    speaker_column: SpeakerColumnOption = None,
    audio_column: AudioColumnOption = None,
) -> None:
    """Apply corrections to a sample set: a new version with history.json; SET itself is not touched.

    A row of FIXES.csv has sample_id, old_text, and an action: correct (with new_text, and where they change
    expected_entities, expected_intent), drop, or keep (somebody listened, the label is right); without an action it is
    left alone. who, when and why are kept in the history.

    Example: voicelab correct my/set fixes.csv --out my/set-1.0.1 --run reports/RUN
    """
    with terminal.errors():
        from voicelab.analysis.audit import corrections, versions
        from voicelab.analysis.audit.effect import effect, part_heard
        from voicelab.datasets import load
        from voicelab.report.wording import estimate
        from voicelab.runs.records import RunFolder

        columns = set_columns(reference=ref_column, sample_id=id_column, speaker=speaker_column, audio=audio_column)
        old = load(samples, columns)
        decided = corrections.read(fixes, old)
        folder = RunFolder(run) if run is not None else None
        result = folder.read() if folder is not None else None
        if result is not None:
            part_heard(result, old)
        new = versions.write(old, decided, out, version=version)
        last = versions.read_history(new)[-1]
        counts = {action: sum(one.action == action for one in decided) for action in ("correct", "drop", "keep")}
        typer.echo(
            f"{new.path}: version {last.version}, from {last.made_from.version}: {counts['correct']} corrected, "
            f"{counts['drop']} dropped, {counts['keep']} kept as they are; {len(new.samples)} samples"
        )
        for name in last.scenarios_dropped:
            terminal.warn(f"scenario {name} lost a turn and is not in the new version")
        for sample_id in corrections.unnamed_entities(decided, new):
            terminal.warn(f"{sample_id}: its new text does not name all of its expected_entities; check them")
        if folder is not None and result is not None:
            changes = effect(result, folder.turns(), old, new)
            rows = [(one.figure, estimate(one.before), estimate(one.after)) for one in changes]
            terminal.table(f"run {result.run_id}, scored by both versions", ("figure", "before", "after"), rows)
