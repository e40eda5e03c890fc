"""`voicelab bench replay`: conversations that the fuzz run kept, held once more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from voicelab.cli import terminal


def replay(
    files: Annotated[list[Path], typer.Argument(help="Conversations that `voicelab bench server` kept.")],
) -> None:
    """Hold kept conversations with a server of its own, as the fuzz run did, and say what becomes of each.

    Exit code 1 when one of them breaks a promise.

    Example: voicelab bench replay reports/fuzz/*.json
    """
    with terminal.errors():
        import asyncio
        import tempfile

        from voicelab.bench.server.replay import replayed

        with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as folder:
            outcomes = asyncio.run(replayed(files, Path(folder)))
        rows = [(str(path), broken or "as promised") for path, broken in outcomes]
        terminal.table("conversations, held again", ("file", "outcome"), rows)
        if any(broken for _, broken in outcomes):
            raise typer.Exit(1)
