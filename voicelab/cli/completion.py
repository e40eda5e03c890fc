"""What the shell completes: engines, sample sets and runs. `voicelab --install-completion` switches it on.

Each function takes what is typed so far and returns the words that begin with it. A word may carry its help. They never
raise: a shell that completes must not print a traceback.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voicelab.engines.spec import Catalog

Word = tuple[str, str]
"""A word to complete to, and one line of help."""


def recognizers(incomplete: str) -> list[Word]:
    """Names for --asr, and the options of a name that is followed by a colon."""
    from voicelab.asr.catalog import RECOGNIZERS

    return _matching(_engines(RECOGNIZERS, incomplete), incomplete)


def agents(incomplete: str) -> list[Word]:
    """Names for --agent, and the options of a name that is followed by a colon."""
    from voicelab.agent.catalog import AGENTS

    return _matching(_engines(AGENTS, incomplete), incomplete)


def voices(incomplete: str) -> list[Word]:
    """Names for --tts, and the options of a name that is followed by a colon."""
    from voicelab.tts.catalog import VOICES

    return _matching(_engines(VOICES, incomplete), incomplete)


def sample_sets(incomplete: str) -> list[Word]:
    """Folders with voice_samples.json and files in a format that sets have, below what is typed."""
    return _matching(_paths(incomplete, _is_set), incomplete)


def run_folders(incomplete: str) -> list[Word]:
    """Folders with run.json, below what is typed, or below reports/ where nothing is."""
    return _matching(_paths(incomplete or "reports/", _is_run), incomplete)


def _engines(catalog: Catalog, incomplete: str) -> Iterator[Word]:
    name, colon, typed = incomplete.partition(":")
    if not colon:
        yield from ((known, entry.summary) for known, entry in catalog.entries.items())
    elif name in catalog.entries:
        before = f"{name}:{typed.rpartition(',')[0]}{',' if ',' in typed else ''}"
        with suppress(Exception):
            yield from ((f"{before}{option}=", str(what)) for option, what in catalog.entries[name].options().items())


def _paths(incomplete: str, wanted: Callable[[Path], bool]) -> Iterator[Word]:
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") or not incomplete else typed.parent
    with suppress(OSError):
        for path in sorted(folder.iterdir()):
            if wanted(path):
                yield str(path), ""
            elif path.is_dir() and not path.name.startswith("."):
                yield f"{path}/", ""


def _is_run(path: Path) -> bool:
    return (path / "run.json").is_file()


def _is_set(path: Path) -> bool:
    return (path / "voice_samples.json").is_file() or path.suffix in (".json", ".jsonl", ".csv", ".tsv", ".parquet")


def _matching(words: Iterable[Word], incomplete: str) -> list[Word]:
    return [word for word in words if word[0].startswith(incomplete)]
