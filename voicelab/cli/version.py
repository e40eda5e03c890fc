"""`voicelab --version`."""

from typing import Annotated

import typer


def _show(wanted: bool) -> None:
    if wanted:
        import voicelab

        typer.echo(f"voicelab {voicelab.__version__}")
        raise typer.Exit


def version(
    _: Annotated[
        bool, typer.Option("--version", callback=_show, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Measure voice agents: word error rate, entity recall and latency, each with its confidence interval."""
