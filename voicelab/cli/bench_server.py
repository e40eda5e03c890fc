"""`voicelab bench server`: measure the server's guarantees."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from voicelab.cli import terminal
from voicelab.errors import InputError
from voicelab.runs import file_errors

if TYPE_CHECKING:
    from voicelab.analysis.bench.server.findings import Measurement

_PARTS = ("latency", "load", "memory", "speech")
_IDLE_LOAD = 0.5
MEASUREMENT_COLUMNS = ("figure", "of", "value", "promised", "")


def server(
    part: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this part, may be repeated: {', '.join(_PARTS)}. \\[default: all, in this order]"),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Do a tenth of the work, for a rough result.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if a guarantee is missed.")] = False,
    to_json: Annotated[
        Path | None, typer.Option("--json", help="Also write figures, code, packages and machine to this file.")
    ] = None,
) -> None:
    """Measure the server's guarantees of docs/reference/server.md, and print each figure beside its guarantee.

    It starts its own servers, with fake engines except for the part `speech`. Clients and servers share this machine,
    so measure on an idle one.

    Example: voicelab bench server --part latency --part load --json figures.json
    """
    from voicelab.analysis.bench.server.bench import PARTS, Sizes

    for name in part or ():
        if name not in PARTS:
            raise InputError(f"--part {name}: unknown; known: {', '.join(PARTS)}")
    if to_json is not None:
        file_errors.check_file("--json", to_json)
    load = os.getloadavg()[0]
    if load > _IDLE_LOAD:
        terminal.warn(f"this machine is busy (load {load:.1f}): latencies will be too high")
    sizes = Sizes().tenth() if quick else Sizes()
    found: list[Measurement] = []
    for name in [known for known in PARTS if known in (part or PARTS)]:
        with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as folder, progress_bars() as bar:
            these = asyncio.run(PARTS[name].run(sizes, Path(folder), bar))
        found += these
        terminal.table(f"{name}: {PARTS[name].about}", MEASUREMENT_COLUMNS, map(measurement_row, these))
    if to_json is not None:
        _write(to_json, found, load)
    missed = [finding.what for finding in found if finding.is_met is False]
    if missed and check:
        terminal.fail(f"missed: {'; '.join(missed)}", terminal.FAILED)


@contextmanager
def progress_bars() -> Iterator[Callable[[int, str], Callable[[], None]]]:
    """Show progress bars one after another.

    Yields a function that starts a bar, given its steps and label; that returns the function that advances the bar.
    """
    with ExitStack() as stack:

        def begin(steps: int, label: str) -> Callable[[], None]:
            stack.close()
            advance = stack.enter_context(terminal.progress_bar(label))
            done = 0
            advance(done, steps)

            def tick() -> None:
                nonlocal done
                done += 1
                advance(done, steps)

            return tick

        yield begin


def measurement_row(finding: Measurement) -> tuple[str, ...]:
    """Cells for MEASUREMENT_COLUMNS."""
    verdict = {True: "met", False: "MISSED", None: ""}[finding.is_met]
    limit = finding.most if finding.most is not None else finding.least
    sign = "at most" if finding.most is not None else "at least"
    promised = "" if limit is None else f"{sign} {_number(limit)}"
    return finding.what, str(finding.count), f"{_number(finding.value)} {finding.unit}".strip(), promised, verdict


def _number(value: float) -> str:
    return f"{value:.0f}" if value == round(value) else f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def _write(path: Path, found: list[Measurement], load: float) -> None:
    from voicelab.runs import provenance

    report = {
        "format": 1,
        "code": provenance.code_state().model_dump(),
        "packages": provenance.packages(),
        "machine": provenance.machine(),
        "load_before": load,
        "findings": [asdict(finding) | {"is_met": finding.is_met} for finding in found],
    }
    path.write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
