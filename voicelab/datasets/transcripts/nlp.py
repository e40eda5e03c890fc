"""Reads Rev's `.nlp` transcripts: one token per row, pipe-separated, with the ids of the token's entities.

token|speaker|ts|endTs|punctuation|case|tags|wer_tags
2020|1||||CA|['3:YEAR']|['13', '3']

The documentation of revdotcom/fstalign describes the format. Next to a transcript, `ID.norm.json` may list the spoken
forms of each tagged span, and `ID.wer_tag.json` the class of each entity id.
"""

import ast
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from voicelab.datasets import strict_json
from voicelab.datasets.text_files import numbered_lines
from voicelab.errors import InputError
from voicelab.text.plural import counted


class NlpToken(NamedTuple):
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
    lines = list(numbered_lines(path))
    header = [name.strip() for name in lines[0][1].split("|")] if lines else []
    if "token" not in header:
        raise InputError(f"{path}: line 1: no column `token`; a .nlp file begins with a row such as token|speaker|...")
    places = [header.index(name) if name in header else len(header) for name in _COLUMNS]
    return [_token(path, number, line, places) for number, line in lines[1:]]


_COLUMNS = ("token", "speaker", "tags", "wer_tags")
_NO_CLASSES: Mapping[str, str] = {}


def _token(path: Path, number: int, line: str, places: Sequence[int]) -> NlpToken:
    """places: the indices of _COLUMNS in a row; past its end for a column that the file lacks."""
    cells = line.split("|")
    text, speaker, tags_text, entities_text = (cells[place].strip() if place < len(cells) else "" for place in places)
    tags = _listed(path, number, "tags", tags_text)
    named = dict(tag.split(":", 1) for tag in tags if ":" in tag) if tags else _NO_CLASSES
    entities = _listed(path, number, "wer_tags", entities_text) or tuple(named)
    return NlpToken(text, speaker, tags[0].split(":", 1)[0] if tags else None, entities, named)


def _listed(path: Path, number: int, column: str, text: str) -> tuple[str, ...]:
    if text in ("", "[]"):
        return ()
    found = _parsed(text)
    if found is None:
        raise InputError(f"{path}: line {number}: `{column}` is not a list such as ['0:YEAR']: {text!r}")
    return found


_PLAIN_LIST = re.compile(r"\['[^'\\]*'(?:, '[^'\\]*')*\]")
"""A list of strings without escapes, which needs no parser."""


@lru_cache(maxsize=4096)
def _parsed(text: str) -> tuple[str, ...] | None:
    """Parse a list in Python notation; None for anything else."""
    if _PLAIN_LIST.fullmatch(text):
        return tuple(text[2:-2].split("', '"))
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
        raise InputError(f"{hypothesis}: {counted(len(missing), 'recording')} only in REF or only in HYP: {names}")
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
