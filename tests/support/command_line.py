"""voicelab's command line in this process."""

from __future__ import annotations

from click.testing import Result
from typer.testing import CliRunner

from voicelab.cli.main import app


def voicelab(*arguments: object) -> Result:
    """What a command prints in a wide terminal, and its exit code."""
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "250"})
