"""Shell completion of engines, targets, figures, sample sets and runs; enable it with `voicelab --install-completion`.

Each function takes the incomplete word and returns (word, help) pairs that begin with it. No function raises, because a
traceback would appear in the middle of the user's prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from voicelab.asr.catalog import RECOGNIZERS
from voicelab.engines.options import constructor_options
from voicelab.engines.spec import Catalog

Word = tuple[str, str]
"""A completed word and one line of help."""


def recognizers(incomplete: str) -> list[Word]:
    """Recognizers, and after `NAME:` its options."""
    return _matching(_engines(RECOGNIZERS, incomplete), incomplete)


def agents(incomplete: str) -> list[Word]:
    """Agents, and after `NAME:` its options."""
    from voicelab.agent.catalog import AGENTS

    return _matching(_engines(AGENTS, incomplete), incomplete)


def voices(incomplete: str) -> list[Word]:
    """Voices, and after `NAME:` its options."""
    from voicelab.tts.catalog import VOICES

    return _matching(_engines(VOICES, incomplete), incomplete)


def targets(incomplete: str) -> list[Word]:
    """Targets that evaluate can measure, and after `NAME:` its options."""
    from voicelab.targets.catalog import known_targets

    name, colon, typed = incomplete.partition(":")
    found: list[Word] = []
    with suppress(Exception):  # the target of an installed package may fail to import
        known = known_targets()
        if colon and name in known:
            found = list(_options(name, typed, constructor_options(known[name].load())))
        elif not colon:
            found = [(one, entry.title) for one, entry in known.items()]
    return _matching(found, incomplete)


def figures(incomplete: str) -> list[Word]:
    """Names of figures."""
    from voicelab.figures.table import FIGURES

    return _matching(((name, figure.title) for name, figure in FIGURES.items()), incomplete)


def limited_figures(incomplete: str) -> list[Word]:
    """Names of figures with the "=" of a limit, FIGURE=NUMBER."""
    return [(f"{name}=", title) for name, title in figures(incomplete)]


def sample_sets(incomplete: str) -> list[Word]:
    """Folders with voice_samples.json and files whose suffix a set can have, below the typed path."""
    return _matching(_paths(incomplete, _is_set), incomplete)


def run_folders(incomplete: str) -> list[Word]:
    """Folders with run.json below the typed path, or below reports/ if nothing is typed."""
    return _matching(_paths(incomplete or "reports/", _is_run), incomplete)


def _engines(catalog: Catalog, incomplete: str) -> Iterator[Word]:
    name, colon, typed = incomplete.partition(":")
    if not colon:
        yield from ((known, entry.summary) for known, entry in catalog.entries.items())
    elif name in catalog.entries:
        with suppress(Exception):  # an engine whose package is not installed may fail to import
            yield from _options(name, typed, catalog.entries[name].options())


def _options(name: str, typed: str, options: Mapping[str, object]) -> Iterator[Word]:
    """`NAME:given=value,option=` for each option that is not typed yet."""
    given = typed.rpartition(",")[0]
    before = f"{name}:{given}{',' if given else ''}"
    return ((f"{before}{option}=", str(described)) for option, described in options.items())


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
    return (path / "run.json").is_file() or (path / "sweep.json").is_file()


def _is_set(path: Path) -> bool:
    return (path / "voice_samples.json").is_file() or path.suffix in (".json", ".jsonl", ".csv", ".tsv", ".parquet")


def _matching(words: Iterable[Word], incomplete: str) -> list[Word]:
    return [word for word in words if word[0].startswith(incomplete)]
