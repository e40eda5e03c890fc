"""Reads Rev's `.nlp` transcripts: one token per row, pipe-separated, with the ids of the token's entities.

token|speaker|ts|endTs|punctuation|case|tags|wer_tags
2020|1||||CA|['3:YEAR']|['13', '3']

The documentation of revdotcom/fstalign describes the format. Next to a transcript, `ID.norm.json` may list the spoken
forms of each tagged span, and `ID.wer_tag.json` the class of each entity id.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from voicelab.datasets import strict_json
from voicelab.datasets.text_files import numbered_lines
from voicelab.errors import InputError


@dataclass(frozen=True, slots=True)
class NlpToken:
    """A row. span: id of its spoken forms, or None. entities: ids of all its entities.

    classes: classes given by the row itself, by id.
    """

    text: str
    speaker: str
    span: str | None
    entities: tuple[str, ...]
    classes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TaggedCall:
    """The reference of a recording. wordings: spoken forms of each span. classes: class of each entity id."""

    id: str
    tokens: tuple[NlpToken, ...]
    wordings: Mapping[str, tuple[tuple[str, ...], ...]]
    classes: Mapping[str, str]


def call_id(path: Path) -> str:
    """Return the id of a file's recording: its name up to the first dot."""
    return path.name.split(".", 1)[0]


def read_call(path: Path, norms: Path | None = None, tags: Path | None = None) -> TaggedCall:
    """Read a reference with spoken forms and classes. Raises InputError, which names the file and the line.

    norms, tags: files with spoken forms and classes, or folders of them; by default those next to the transcript.
    """
    name = call_id(path)
    tokens = read_tokens(path)
    classes = {key: kind for token in tokens for key, kind in token.classes.items()}
    norm_file = _beside(path, norms, f"{name}.norm.json", "--norms")
    tag_file = _beside(path, tags, f"{name}.wer_tag.json", "--wer-tags")
    wordings = _wordings(norm_file) if norm_file is not None else {}
    return TaggedCall(name, tuple(tokens), wordings, classes | (_classes(tag_file) if tag_file is not None else {}))


def read_tokens(path: Path) -> list[NlpToken]:
    """Read the rows of a reference or hypothesis; a hypothesis needs only the column `token`."""
    lines = [(number, line) for number, line in numbered_lines(path) if line.strip()]
    header = [name.strip() for name in lines[0][1].split("|")] if lines else []
    if "token" not in header:
        raise InputError(f"{path}: line 1: no column `token`; a .nlp file begins with a row such as token|speaker|...")
    columns = _Places(*(header.index(name) if name in header else -1 for name in _COLUMNS))
    return [_token(path, number, line.split("|"), columns) for number, line in lines[1:]]


class _Places(NamedTuple):
    """The indices of the columns in a row; -1 for a column that the file lacks."""

    token: int
    speaker: int
    tags: int
    wer_tags: int


_COLUMNS = _Places._fields


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place].strip() if 0 <= place < len(cells) else ""


def _token(path: Path, number: int, cells: Sequence[str], columns: _Places) -> NlpToken:
    tags = _listed(path, number, "tags", _cell(cells, columns.tags))
    named = dict(tag.split(":", 1) for tag in tags if ":" in tag) if tags else _NO_CLASSES
    entities = _listed(path, number, "wer_tags", _cell(cells, columns.wer_tags)) or tuple(named)
    span = tags[0].split(":", 1)[0] if tags else None
    return NlpToken(_cell(cells, columns.token), _cell(cells, columns.speaker), span, entities, named)


_NO_CLASSES: Mapping[str, str] = {}


def _listed(path: Path, number: int, column: str, text: str) -> tuple[str, ...]:
    found = _parsed(text) if text else ()
    if found is None:
        raise InputError(f"{path}: line {number}: `{column}` is not a list such as ['0:YEAR']: {text!r}")
    return found


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[str, ...] | None:
    """Parse a list in Python notation; None for anything else."""
    if text in ("", "[]"):
        return ()
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return tuple(map(str, found)) if isinstance(found, list) else None


def _beside(path: Path, given: Path | None, name: str, option: str) -> Path | None:
    if given is None:
        return path.parent / name if (path.parent / name).exists() else None
    found = given / name if given.is_dir() else given
    if not found.exists():
        raise InputError(f"{option} {found}: does not exist; give the file, or a folder that contains {name}")
    return found


def _read_json(path: Path) -> dict[str, Any]:
    try:
        found = strict_json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path}: must be an object with an entry for each id")
    return found


def _wordings(path: Path) -> dict[str, tuple[tuple[str, ...], ...]]:
    found = {}
    for key, entry in _read_json(path).items():
        try:
            candidates = [tuple(map(str, one["verbalization"])) for one in entry["candidates"]]
        except (TypeError, KeyError) as error:
            raise InputError(f"{path}: id {key!r}: must have `candidates`, each with a `verbalization`") from error
        found[key] = tuple(candidate for candidate in candidates if candidate)
    return found


def _classes(path: Path) -> dict[str, str]:
    try:
        return {key: str(entry["entity_type"]) for key, entry in _read_json(path).items()}
    except (TypeError, KeyError) as error:
        raise InputError(f"{path}: each id must have an `entity_type`") from error


def paired_files(reference: Path, hypothesis: Path) -> list[tuple[Path, Path]]:
    """Pair the transcript of each recording with its hypothesis. Both may be folders, paired by call_id."""
    if reference.is_dir() != hypothesis.is_dir():
        raise InputError(f"{hypothesis}: REF and HYP must both be .nlp files, or both folders of them")
    if not reference.is_dir():
        return [(reference, hypothesis)]
    references, hypotheses = _by_id(reference), _by_id(hypothesis)
    if missing := sorted(set(references) ^ set(hypotheses)):
        names = ", ".join(missing[:10])
        raise InputError(f"{hypothesis}: {len(missing)} recordings are only in REF or only in HYP: {names}")
    return [(path, hypotheses[name]) for name, path in references.items()]


def _by_id(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in sorted(folder.glob("*.nlp")):
        if call_id(path) in found:
            raise InputError(f"{path}: {found[call_id(path)].name} belongs to the same recording; keep one of the two")
        found[call_id(path)] = path
    return found


def speaker_turns(tokens: Sequence[NlpToken]) -> list[int]:
    """Number the speaker turns; return the turn of each token."""
    turns, turn = [], -1
    for place, token in enumerate(tokens):
        turn += not place or token.speaker != tokens[place - 1].speaker
        turns.append(turn)
    return turns
