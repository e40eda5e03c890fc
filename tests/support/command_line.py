"""Run voicelab's command line in this process."""

from __future__ import annotations

from click.testing import Result
from typer.testing import CliRunner

from voicelab.cli.main import app


def voicelab(*arguments: object) -> Result:
    """Run a command in a wide terminal, and return its output and exit code."""
    return CliRunner().invoke(app, [str(one) for one in arguments], env={"COLUMNS": "250"})
