"""`voicelab listen`: predict the sound quality of a run's replies and requests."""

from typing import Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.errors import InputError


def listen(
    run: options.RunArgument,
    asr: Annotated[
        str | None,
        options.recognizer_option(help="The recognizer that transcribes the replies. \\[default: the run's]"),
    ] = None,
    scores_only: Annotated[bool, typer.Option("--scores-only", help="Do not transcribe the replies.")] = False,
    lowest: Annotated[int, typer.Option(min=0, help="Number of requests with the lowest scores to list.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Predict the sound quality of replies and requests (DNSMOS, PLCMOS), beside the replies' round-trip WER.

    The scores detect noise, distortion and lost packets, not naturalness. They are stored in the run's folder, and the
    report is updated. Needs: pip install 'voicelab[quality]'

    Example: voicelab listen reports/RUN --asr pocketsphinx
    """
    with terminal.progress_bar("sounds") as progress:
        from voicelab.analysis import listening
        from voicelab.report import page, sound_tables
        from voicelab.runs.records import RunFolder

        if scores_only and asr is not None:
            raise InputError("--scores-only does not transcribe; leave --asr out")
        folder = RunFolder(run)
        ear = None if scores_only else asr or listening.recognizer_of(folder.read())
        record = listening.listen(folder, ear, progress=progress)
        report = page.write(folder)
    if as_json:
        terminal.echo(record.model_dump_json(indent=2))
        return
    terminal.table(f"run {record.run_id}: sound quality", sound_tables.COLUMNS, sound_tables.rows(record))
    terminal.echo(sound_tables.note(record))
    if found := sound_tables.lowest(record.requests.sounds, lowest):
        terminal.table("requests with the lowest scores", sound_tables.WORST_COLUMNS, found)
    terminal.echo(f"report: {report}")
