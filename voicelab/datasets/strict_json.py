"""JSON in which a field may stand once: of `{"text": "a", "text": "b"}`, Python's reader drops the first unsaid."""

from __future__ import annotations

import json
from typing import Any


def loads(text: str) -> Any:
    """The value of a JSON text; ValueError says what is wrong, a field that stands twice among it."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"the field {twice!r} stands twice in one object; keep one")
    return found
