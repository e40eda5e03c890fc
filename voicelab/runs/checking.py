"""Validates user values for the command line, Python and notebooks."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from voicelab.errors import InputError

_Model = TypeVar("_Model", bound=BaseModel)
_EMPTY = ("string_too_short", "string_pattern_mismatch")


def checked(model: type[_Model], names: Mapping[str, str] | None = None, **values: Any) -> _Model:
    """Return a validated model. Raises InputError for the first invalid value.

    names: the user's name of a field, e.g. {"target": "--url"}; by default `parameter target`.
    """
    try:
        return model(**values)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = str(first["loc"][0]) if first["loc"] else model.__name__
        name = (names or {}).get(field, f"parameter {field}")
        raise InputError(_sentence(name, first["type"], first["msg"], first["input"], model.model_fields)) from error


def checked_again(value: _Model) -> _Model:
    """Validate a model that may have been copied with unchecked values. Raises InputError."""
    return checked(type(value), **{name: getattr(value, name) for name in type(value).model_fields})


def _sentence(name: str, kind: str, reason: str, value: object, known: Iterable[str]) -> str:
    if kind in _EMPTY and isinstance(value, str) and not value.strip():
        return f"{name} is empty; give a value, or omit it"
    if kind == "extra_forbidden":
        return f"{name}: unknown; known: {', '.join(known)}"
    shown = ascii(value) if isinstance(value, str) and not value.isprintable() else repr(value)
    if kind in ("int_parsing", "int_from_float", "int_type"):
        reason = "must be a whole number"
    reason = reason.removeprefix("Value error, ").replace("Input should be", "must be").replace("Input should", "must")
    return f"{name}: {reason}, not {shown if len(shown) <= 80 else shown[:77] + '...'}"
