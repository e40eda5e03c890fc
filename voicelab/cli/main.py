"""The `voicelab` command: the application and its table of commands."""

from collections.abc import Callable, Mapping
from typing import Annotated

import typer

from voicelab.cli import terminal
from voicelab.cli.attribute import attribute
from voicelab.cli.audit import audit
from voicelab.cli.bench import bench
from voicelab.cli.compare import compare
from voicelab.cli.correct import correct
from voicelab.cli.cross import cross
from voicelab.cli.echo_agent import echo_agent
from voicelab.cli.engines import engines
from voicelab.cli.equivalence import equivalence
from voicelab.cli.evaluate import evaluate
from voicelab.cli.gate import gate
from voicelab.cli.listen import listen
from voicelab.cli.match import match
from voicelab.cli.models import models
from voicelab.cli.new import new
from voicelab.cli.power import power
from voicelab.cli.report import report
from voicelab.cli.roundtrip import roundtrip
from voicelab.cli.runs import runs
from voicelab.cli.samples import samples
from voicelab.cli.score import score
from voicelab.cli.score_timeline import score_timeline
from voicelab.cli.strict import StrictTyper
from voicelab.cli.sweep import sweep
from voicelab.cli.targets import probe, targets

COMMANDS: Mapping[str, Mapping[str, Callable[..., None] | typer.Typer]] = {
    "Measure": {
        "evaluate": evaluate, "report": report, "sweep": sweep, "targets": targets, "probe": probe,
        "roundtrip": roundtrip, "listen": listen, "cross": cross,
    },
    "Transcripts": {
        "score": score, "match": match, "equivalence": equivalence, "attribute": attribute,
        "score-timeline": score_timeline,
    },
    "Decide": {"compare": compare, "gate": gate, "power": power},
    "Labels": {"samples": samples, "audit": audit, "correct": correct},
    "Set up": {
        "engines": engines, "models": models, "runs": runs, "bench": bench, "new": new, "echo-agent": echo_agent,
    },
}  # fmt: skip
"""The commands by their heading in `voicelab --help`."""

app = StrictTyper(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _print_version(wanted: bool) -> None:
    if wanted:
        import voicelab

        terminal.echo(f"voicelab {voicelab.__version__}")
        raise typer.Exit


@app.callback()
def version(
    _: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Measure voice agents: word error rate, entity recall and latency, each with its confidence interval."""


for _panel, _commands in COMMANDS.items():
    for _name, _command in _commands.items():
        if isinstance(_command, typer.Typer):
            app.add_typer(_command, name=_name, rich_help_panel=_panel)
        else:
            app.command(_name, rich_help_panel=_panel)(_command)
