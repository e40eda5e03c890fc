"""`voicelab correct`: write the next version of a sample set."""

from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.text.plural import counted


def correct(
    samples: Annotated[Path, options.set_argument(metavar="SET", help="The set to correct.", show_default=False)],
    fixes: Annotated[
        Path,
        typer.Argument(metavar="FIXES.csv", help="The filled-in file from voicelab audit --fixes.", show_default=False),
    ],
    out: Annotated[Path, typer.Option(help="The folder of the new version; must not exist.", show_default=False)],
    version: Annotated[str | None, typer.Option(help="The new version. \\[default: the last part plus one]")] = None,
    run: Annotated[
        Path | None, options.run_option(help="A run on SET: print its figures with the old and the new labels.")
    ] = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
) -> None:
    """Apply corrections to a sample set: write a new version with history.json. SET does not change.

    A row of FIXES.csv has sample_id, old_text, and an action: correct (with new_text, and expected_entities and
    expected_intent if they change), drop, or keep (the label was checked and is right). Rows without an action are
    ignored. The history stores who, when and why.

    Example: voicelab correct my/set fixes.csv --out my/set-1.0.1 --run reports/RUN
    """
    from voicelab.analysis.audit import corrections, versions
    from voicelab.analysis.audit.effect import effect, part_heard
    from voicelab.report.wording import estimate
    from voicelab.runs.records import RunFolder

    old = options.load_set(samples, ref_column, id_column, speaker_column, audio_column)
    decided = corrections.read(fixes, old)
    folder = RunFolder(run) if run is not None else None
    result = folder.read() if folder is not None else None
    if result is not None:
        part_heard(result, old)
    new = versions.write(old, decided, out, version=version)
    last = versions.read_history(new)[-1]
    counts = {action: sum(one.action == action for one in decided) for action in ("correct", "drop", "keep")}
    terminal.echo(
        f"{new.path}: version {last.version}, from {last.made_from.version}: {counts['correct']} corrected, "
        f"{counts['drop']} dropped, {counts['keep']} kept; {counted(len(new.samples), 'sample')}"
    )
    for name in last.scenarios_dropped:
        terminal.warn(f"scenario {name} lost a turn and was removed")
    for sample_id in corrections.unnamed_entities(decided, new):
        terminal.warn(f"{sample_id}: its new text does not name all of its expected_entities; check them")
    if folder is not None and result is not None:
        changes = effect(result, folder.turns(), old, new)
        rows = [(one.figure, estimate(one.before), estimate(one.after)) for one in changes]
        terminal.table(f"run {result.run_id}, scored against both versions", ("figure", "before", "after"), rows)
