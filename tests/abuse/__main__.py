"""`python -m tests.abuse fuzz|soak|attackers|replay`: attack the server with hostile clients."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.abuse import attackers
from tests.abuse.parts import Bar, run_fuzz, run_soak
from tests.abuse.replay import replayed
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.cli import terminal
from voicelab.cli.bench_server import MEASUREMENT_COLUMNS, measurement_row, progress_bars
from voicelab.errors import VoicelabError


def main() -> int:
    """Run one command. Returns 0, 1 if a guarantee is violated, or 2 for bad input."""
    given = _parser().parse_args()
    try:
        return int(given.run(given))
    except VoicelabError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    fuzz = commands.add_parser("fuzz", help="mutated messages and streams: no crash, no leak, no stuck session")
    fuzz.add_argument("--count", type=_positive(int), default=100_000, help="mutated messages and streams (100000)")
    fuzz.add_argument("--seed", type=int, default=0, help="the same seed makes the same conversations (0)")
    fuzz.set_defaults(run=_fuzz)

    soak = commands.add_parser("soak", help="good, bad and slow clients side by side: nothing stays behind")
    soak.add_argument("--minutes", type=_positive(float), default=10.0, help="duration after the warm-up (10)")
    soak.set_defaults(run=_soak)

    beside = commands.add_parser("attackers", help="well-behaved clients' p99 alone and beside each kind of attacker")
    attackers.add_options(beside)
    beside.set_defaults(run=attackers.run)

    replay = commands.add_parser("replay", help="hold conversations again that the fuzz run kept")
    replay.add_argument("files", type=Path, nargs="+", metavar="FILE")
    replay.set_defaults(run=_replay)
    return parser


def _positive(kind: type[int] | type[float]) -> Callable[[str], float]:
    def parsed(text: str) -> float:
        value = kind(text)
        if not 0 < value < 1e9:
            raise ValueError(text)
        return value

    parsed.__name__ = "positive number"
    return parsed


def _fuzz(given: argparse.Namespace) -> int:
    return _measured("fuzz", lambda folder, bar: run_fuzz(folder, given.count, given.seed, bar))


def _soak(given: argparse.Namespace) -> int:
    return _measured("soak", lambda folder, bar: run_soak(folder, 60 * given.minutes, bar))


def _measured(title: str, measure: Callable[[Path, Bar], Awaitable[list[Measurement]]]) -> int:
    with tempfile.TemporaryDirectory(prefix="voicelab-abuse-") as folder, progress_bars() as bar:
        found = asyncio.run(_awaited(measure(Path(folder), bar)))
    terminal.table(title, MEASUREMENT_COLUMNS, map(measurement_row, found))
    return int(any(finding.is_met is False for finding in found))


async def _awaited(work: Awaitable[list[Measurement]]) -> list[Measurement]:
    return await work


def _replay(given: argparse.Namespace) -> int:
    with tempfile.TemporaryDirectory(prefix="voicelab-abuse-") as folder:
        outcomes = asyncio.run(replayed(given.files, Path(folder)))
    rows = [(str(path), broken or "as promised") for path, broken in outcomes]
    terminal.table("conversations, held again", ("file", "outcome"), rows)
    return int(any(broken for _, broken in outcomes))


if __name__ == "__main__":
    sys.exit(main())
