"""scores.json of a run: a cache of each turn's counts, so that texts are aligned only once.

The file has a digest of everything that the counts depend on: the turns, the counterfactual turns, the normalizer, the
companies' names, and the source of the counting code. If the digest differs, the counts are computed again, so a stale
file is never used. The file can be deleted at any time.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from voicelab.errors import StorageError
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import Forms
from voicelab.runs import storage
from voicelab.runs.records import RunFolder, TurnResult
from voicelab.scoring import counterfactual_file
from voicelab.scoring.attribution import attributed
from voicelab.scoring.score_codec import decode, encode
from voicelab.scoring.turns import score_turns
from voicelab.text import Normalizer

FILE_NAME = "scores.json"
_PACKAGE = Path(__file__).parents[1]
_COUNTING = ("figures", "metrics", "scoring", "text")
"""The packages whose code computes a turn's counts."""


def stored_scores(folder: RunFolder, rules: Normalizer, forms: Forms, key: str) -> list[TurnScore]:
    """Return every turn's score under a normalizer; primary turns include their counterfactual results.

    key: the `digest` of the run. A store with another one is replaced, unless the folder is write-protected. Raises
    InputError if turns.jsonl or replay.json cannot be read.
    """
    turns = folder.turns()
    if (stored := _read(folder.path / FILE_NAME, key, turns)) is not None:
        return stored
    scores = computed_scores(folder, rules, forms, turns)
    data = json.dumps({"format": 2, "digest": key} | encode(scores), ensure_ascii=False)
    with suppress(StorageError, UnicodeEncodeError):
        storage.write_whole(folder.path / FILE_NAME, data.encode())
    return scores


def computed_scores(
    folder: RunFolder, rules: Normalizer, forms: Forms, turns: list[TurnResult] | None = None
) -> list[TurnScore]:
    """Compute the scores without storing them. turns: the folder's turns, if already read."""
    scores = score_turns(folder.turns() if turns is None else turns, rules, forms)
    primary = [score for score in scores if score.turn.primary]
    found = attributed(primary, counterfactual_file.read(folder.path), forms).scores
    by_key = {score.turn.key: score for score in found}
    return [by_key.get(score.turn.key, score) for score in scores]


def digest(folder: Path, rules: Normalizer, forms: Forms) -> str:
    """SHA-256 of everything that the counts of a run's turns depend on."""
    made = hashlib.sha256()
    for name in ("turns.jsonl", counterfactual_file.FILE_NAME):
        file = folder / name
        made.update(hashlib.sha256(file.read_bytes()).digest() if file.exists() else b"absent")
    made.update(repr((rules.name, rules.version, rules.word_map)).encode())
    made.update(json.dumps({name: list(forms[name]) for name in sorted(forms)}).encode())
    made.update(_source().encode())
    return made.hexdigest()


@cache
def _source() -> str:
    made = hashlib.sha256()
    for name in _COUNTING:
        for path in sorted((_PACKAGE / name).rglob("*.py")):
            made.update(path.relative_to(_PACKAGE).as_posix().encode())
            made.update(path.read_bytes())
    return made.hexdigest()


def _read(file: Path, key: str, turns: Sequence[TurnResult]) -> list[TurnScore] | None:
    """The stored scores; None if the file is missing or damaged, or has another digest."""
    try:
        stored: Any = json.loads(file.read_text(encoding="utf-8"))
        if not isinstance(stored, dict) or stored.get("digest") != key:
            return None
        return decode(turns, stored)
    except (OSError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
        return None
