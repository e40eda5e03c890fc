"""`voicelab targets` and `voicelab probe`: list the targets, and try one."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.cli import options, terminal
from voicelab.engines.options import constructor_options
from voicelab.errors import InputError, VoicelabError

if TYPE_CHECKING:
    from voicelab.targets.base import Utterance
    from voicelab.targets.probe import ProbeResult

_FAULTS = {"agent": "the agent", "harness": "not the agent, but the address, the options, the network or voicelab"}
_MARKS = {"ok": "yes", "missing": "no", "failed": "FAILED", "skipped": "-"}


def targets(
    name: Annotated[str | None, options.target_argument(help="Show only this target.")] = None,
) -> None:
    """List the targets that evaluate can measure, with their requirements, options and signals.

    Example: voicelab targets twilio
    """
    from voicelab.targets.catalog import known_targets

    known = known_targets()
    if name is not None and name not in known:
        raise InputError(f"unknown target {name!r}; known: {', '.join(known)}")
    rows = []
    chosen = known if name is None else {name: known[name]}
    for one, entry in chosen.items():
        try:
            kind = entry.load()
        except VoicelabError as error:
            rows.append((one, f"{entry.title}\ncannot be used: {error}", "", ""))
            continue
        options = "\n".join(map(str, constructor_options(kind).values())) or "none"
        rows.append((one, f"{entry.title}\nneeds {entry.needs}", options, ", ".join(kind.capabilities.shown)))
    terminal.table("--target", ("name", "description", "options", "shows"), rows)


def probe(
    target: Annotated[str, options.target_argument(help="As for evaluate --target, or http://host:port.")],
    audio: Annotated[Path | None, typer.Option(help="The recording to send. \\[default: a shipped one]")] = None,
    limit_s: Annotated[float, typer.Option(min=1.0, max=300.0, help="Longest time for all steps, in seconds.")] = 12.0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Hold a short conversation with an agent and print what evaluate can measure; exit code 1 if it cannot.

    Example: voicelab probe http://127.0.0.1:8100
    """
    from voicelab.metrics.attribution import STAGES
    from voicelab.runs.records import RunSpec
    from voicelab.targets.base import TargetSettings, Utterance
    from voicelab.targets.catalog import target_config
    from voicelab.targets.probe import probe as run_probe

    config = target_config(target)
    ours = {name: RunSpec.model_fields[name].default for name in STAGES}
    utterance = _shortest_sample() if audio is None else Utterance(audio.read_bytes(), str(audio))
    # A target that does not answer is then reported by its own sentence, before the limit.
    timeout_s = max(1.0, limit_s - utterance.clip().duration_s - 1.0)
    with TemporaryDirectory(prefix="voicelab-probe-") as folder:
        engines = ours if config.entry.engines == "all" else {}
        settings = TargetSettings(Path(folder), timeout_s=timeout_s, **engines)
        result = asyncio.run(run_probe(config.spec, config.build(), settings, utterance, limit_s=limit_s))
    _show(result, as_json)
    if not result.usable:
        raise typer.Exit(terminal.FAILED)


def _shortest_sample() -> Utterance:
    from voicelab.targets.base import Utterance

    recordings = [(sample.audio_bytes(), str(sample.audio_path)) for sample in options.load_set(None).spoken]
    return Utterance(*min(recordings, key=lambda one: len(one[0])))


def _show(result: ProbeResult, as_json: bool) -> None:
    if as_json:
        terminal.print_json(asdict(result) | {"usable": result.usable})
        return
    rows = [(step.name, _MARKS[step.state], step.detail) for step in result.steps]
    terminal.table(f"probe of {result.target}", ("step", "", "found"), rows)
    for line in result.messages:
        terminal.echo(f"  {line}")
    if result.fault is not None:
        terminal.echo(f"at fault: {_FAULTS[result.fault]}")
    for sentence in result.missing if result.usable else ():
        terminal.echo(f"missing: {sentence}")
    verdict = "evaluate can measure it" if result.usable else "evaluate cannot measure it yet"
    terminal.echo(f"{verdict} ({result.took_s:.1f} s)")
