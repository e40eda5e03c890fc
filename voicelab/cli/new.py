"""`voicelab new`: write a package for a component."""

from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import terminal
from voicelab.cli.scaffold.package import Kind, write_package


def new(
    kind: Annotated[Kind, typer.Argument(help="The kind of component.")],
    name: Annotated[str, typer.Argument(help="The package's name, e.g. my-recognizer.")],
    out: Annotated[Path, typer.Option(help="The folder in which the package's folder is created.")] = Path(),
) -> None:
    """Write a small installable package with a component of your own and its contract test.

    Example: voicelab new asr my-recognizer
    """
    folder = write_package(kind, name, out)
    terminal.echo(f"wrote {folder}; install it with: pip install -e {folder}; test it with: pytest {folder}")
