"""Terminal output of the commands: progress bars, tables, errors."""

from __future__ import annotations

import io
import json
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import typer

from voicelab.errors import EngineMissingError, InputError, VoicelabError
from voicelab.runs import file_errors

if TYPE_CHECKING:
    from voicelab.runs.records import TurnResult

FAILED, BAD_INPUT, INTERRUPTED = 1, 2, 130

_LINE_EVERY_S = 30.0
_PARTS_AT_ONCE = 10_000
"""Number of parts of a JSON document that are written at once."""


class ProgressBar(Protocol):
    """Show the numbers of completed and all items. turn: the last turn of a run; not shown."""

    def __call__(self, done: int, total: int, turn: TurnResult | None = None, /) -> None: ...


@contextmanager
def errors() -> Iterator[None]:
    """Convert voicelab's errors, file system errors and Ctrl-C to one sentence and an exit code."""
    _print_any_text()
    try:
        yield
    except (InputError, EngineMissingError) as error:
        fail(str(error), BAD_INPUT)
    except VoicelabError as error:
        fail(str(error), FAILED)
    except BrokenPipeError:
        raise  # e.g. `voicelab ... | head`; Typer ends silently
    except OSError as error:
        fail(file_errors.sentence(error), BAD_INPUT if file_errors.is_of_the_path(error) else FAILED)
    except KeyboardInterrupt:
        fail("stopped", INTERRUPTED)


def _print_any_text() -> None:
    """Print characters outside the terminal's encoding, and file name bytes that are not UTF-8, as escapes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


# C0 but tab and new line, DEL, C1, and the embedding and overriding controls of right-to-left text.
_CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """Return the text with control characters escaped, as in JSON.

    The names and texts of somebody else's set or run could otherwise move the cursor, set the terminal's title or fill
    its clipboard.
    """
    return _CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def echo(message: object = "", *, nl: bool = True, err: bool = False) -> None:
    """Print a printable message. nl: end the line. err: to standard error."""
    typer.echo(printable(str(message)), nl=nl, err=err)


@contextmanager
def resumable(folder: Path, command: str = "evaluate") -> Iterator[None]:
    """On Ctrl-C, print the command that resumes the run or sweep."""
    try:
        yield
    except KeyboardInterrupt:
        if (folder / ("run.json" if command == "evaluate" else f"{command}.json")).exists():
            fail(f"stopped; finished turns are saved; continue: voicelab {command} --resume {folder}", INTERRUPTED)
        raise


def fail(message: str, code: int) -> None:
    """Print the reason and exit with the code."""
    from rich.console import Console

    console = Console(stderr=True, soft_wrap=True)
    console.print("[bold red]error:[/]", end=" ")
    console.print(printable(message), markup=False, highlight=False)
    raise typer.Exit(code)


def warn(message: str) -> None:
    """Print a notice to standard error."""
    echo(f"warning: {message}", err=True)


@contextmanager
def progress_bar(label: str) -> Iterator[ProgressBar]:
    """A progress bar on a terminal; without a terminal, one line per tenth and at least one per half minute of work."""
    from rich import progress
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _progress_lines(label)
        return
    head = progress.SpinnerColumn(), progress.TextColumn("{task.description}"), progress.BarColumn()
    tail = progress.MofNCompleteColumn(), progress.TimeElapsedColumn(), progress.TimeRemainingColumn()
    with progress.Progress(*head, *tail, console=console) as bar:
        task = bar.add_task(f"{label}: loading engines", total=None)

        def advance(done: int, total: int, _turn: TurnResult | None = None, /) -> None:
            bar.update(task, completed=done, total=total, description=label)

        yield advance


def _progress_lines(label: str) -> ProgressBar:
    printed, printed_s, started_s = -1, 0.0, time.monotonic()

    def advance(done: int, total: int, _turn: TurnResult | None = None, /) -> None:
        nonlocal printed, printed_s
        tenth, now_s = 10 * done // total if total else 10, time.monotonic()
        if tenth != printed or now_s - printed_s >= _LINE_EVERY_S:
            printed, printed_s = tenth, now_s
            left_s = (now_s - started_s) * (total - done) / done if done else 0.0
            left = f", about {left_s:.0f} s left" if left_s >= 10 else ""
            echo(f"{label}: {done} of {total}{left}", err=True)

    return advance


def number(value: float | None, form: str = ".2f") -> str:
    """Format a number; a dash for None."""
    return "-" if value is None else f"{value:{form}}"


def percent(share: float | None, form: str = ".2f") -> str:
    """Format a share in percent; a dash for None."""
    return "-" if share is None else f"{100 * share:{form}} %"


def print_json(document: Any) -> None:
    """Print a document as indented JSON. It is written in pieces, because it is large if there are many utterances."""
    parts = json.JSONEncoder(indent=2, default=str, ensure_ascii=False).iterencode(document)
    while piece := "".join(islice(parts, _PARTS_AT_ONCE)):
        echo(piece, nl=False)
    echo()


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, whole: Sequence[str] = ()) -> None:
    """Print an aligned table. whole: columns whose cells are never wrapped or cut, such as ids and figures."""
    from rich import box
    from rich.cells import cell_len
    from rich.console import Console
    from rich.measure import Measurement
    from rich.table import Column, Table
    from rich.text import Text

    lines = [[printable(cell) for cell in row] for row in rows]
    # Wrapped instead of truncated, so that long names can still be copied.
    heads = [Column(name, overflow="fold", no_wrap=name in whole) for name in columns]
    for head, *cells in zip(heads, columns, *lines, strict=True):
        head.min_width = max(map(cell_len, cells)) if head.no_wrap else None
    name = Text(printable(title))
    grid = Table(*heads, title=name, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    console = Console()
    if whole:
        # rich cuts cells that do not fit, and a cut figure looks like another one.
        console.width = max(console.width, Measurement.get(console, console.options.update(width=10_000), grid).minimum)
    for line in lines:
        grid.add_row(*map(Text, line))
    console.print(grid)
