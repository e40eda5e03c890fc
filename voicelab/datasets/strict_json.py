"""JSON without duplicate fields. Python's own parser silently keeps only the last one."""

import json
from typing import Any


def loads(text: str) -> Any:
    """Parse a JSON text. Raises ValueError, also for duplicate fields."""
    try:
        return json.loads(text, object_pairs_hook=_object)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for place, name in enumerate(names) if name in names[:place])
        raise ValueError(f"the field {twice!r} occurs twice in one object; keep one")
    return found
