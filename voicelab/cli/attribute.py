"""`voicelab attribute`: which stage lost the entities, the actions and the time of a run."""

from typing import Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.runs import file_errors


def attribute(
    run: options.RunArgument,
    listen: Annotated[
        str | None, options.recognizer_option(help="Transcribe the replies with this recognizer, e.g. moonshine.")
    ] = None,
    any_revision: Annotated[
        bool, typer.Option("--any-revision", help="Use the run's agent even if its revision differs.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Attribute lost entities, lost actions and time to recognizer, agent and voice.

    The agent is re-run on the reference text of each turn. What is right then was lost by the recognizer; what is still
    missing was lost by the agent. With --listen, entities in a reply's text that are missing in its audio were lost by
    the voice. The report is updated.

    Example: voicelab attribute reports/RUN --listen moonshine
    """
    from voicelab.report import page, tables
    from voicelab.report.text_tables import as_text
    from voicelab.runs.records import RunFolder
    from voicelab.scoring import counterfactual, summary_file
    from voicelab.scoring.leading import labelled

    folder = RunFolder(run)
    folder.read()
    file_errors.check_folder("RUN", folder.path, must_exist=True)
    kept = counterfactual.keep(folder, must=True, any_revision=any_revision)
    if listen is not None:
        with terminal.progress_bar("replies heard") as bar:
            counterfactual.listen(folder, kept, listen, bar)
    report = page.write(folder)
    found = summary_file.read(folder.path / summary_file.FILE_NAME)
    if as_json:
        assert found.attribution is not None
        figures = {name: one for name, label, one in labelled(found) if label.group in ("losses", "time")}
        shares = {name: one.model_dump(mode="json") for name, one in figures.items()}
        document = {**found.attribution.model_dump(mode="json"), "figures": shares}
        terminal.print_json(document)
        return
    causes = as_text(tables.causes(found))
    rows = [list(map(str, row)) for row in causes.itertuples()]
    terminal.table(f"run {found.run_id}: what each stage lost", ["stage", *causes.columns], rows)
    for turn, what, name, stage, earlier, note in tables.losses(found).itertuples(name=None):
        where = f"{stage}, in an earlier turn" if earlier else stage
        terminal.echo(f"{turn}: {where}: {what} {name}{'; ' if note else ''}{note}")
    terminal.echo(f"report: {report}")
