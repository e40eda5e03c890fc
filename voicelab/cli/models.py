"""`voicelab models`: list, download and locate the weights of engines."""

from typing import Annotated, Literal

import typer

from voicelab.cli import terminal
from voicelab.cli.strict import StrictTyper
from voicelab.engines.weights.cache import find
from voicelab.engines.weights.catalog import MODELS, model
from voicelab.errors import InputError

models = StrictTyper(help="List, download and locate the weights of engines.", no_args_is_help=True)


@models.command("list")
def list_models() -> None:
    """List the available models, and which are installed.

    Example: voicelab models list
    """
    rows = []
    for name, entry in MODELS.items():
        ids = [one for one in (entry.modelscope, entry.huggingface) if one]
        here = next((str(folder) for one in ids if (folder := find(one))), "no")
        rows.append((name, entry.summary, f"{entry.megabytes}", entry.engine, here))
    terminal.table("models", ("name", "description", "MB", "used as", "here"), rows)


@models.command()
def pull(
    name: Annotated[str, typer.Argument(help="A name that `voicelab models list` shows.")],
    source: Annotated[
        Literal["modelscope", "huggingface"] | None,
        typer.Option(help="The hub to download from. \\[default: the first of the two that has it]"),
    ] = None,
    mirror: Annotated[str | None, typer.Option(help="Another server with that hub's interface, http(s)://...")] = None,
    revision: Annotated[str | None, typer.Option(help="A branch, tag or commit. \\[default: the newest]")] = None,
) -> None:
    """Download a model, check every file against the hub's list, and store it in the hub's usual cache.

    Example: voicelab models pull sensevoice
    """
    from voicelab.engines.weights import hubs

    entry = model(name)
    hub: hubs.Hub = source or ("modelscope" if entry.modelscope else "huggingface")
    folder = hubs.pull(entry, hub, mirror=mirror, revision=revision)
    terminal.echo(f"{name} is complete and verified: {folder}")


@models.command()
def path(
    name: Annotated[str, typer.Argument(help="A name that `voicelab models list` shows.")],
    revision: Annotated[str | None, typer.Option(help="Only this revision.")] = None,
) -> None:
    """Print the folder of an installed model.

    Example: voicelab models path sensevoice
    """
    entry = model(name)
    for identity in (entry.modelscope, entry.huggingface):
        folder = find(identity, revision) if identity else None
        if folder is not None:
            terminal.echo(folder)
            return
    raise InputError(f"{name} is not installed; run: voicelab models pull {name}")
