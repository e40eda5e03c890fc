"""Paths to values in messages, and conditions on the values.

A path consists of keys and list indices joined by dots: `response.output.0.id`. `*` matches every element of a list or
every value of an object.
"""

from collections.abc import Mapping
from typing import Any

Condition = Any
"""A value (equality), a list (any of them), or one of {present: …}, {begins: …}, {not: …}."""


def values_at(path: str, message: Any) -> list[Any]:
    """Return every value at the path, or an empty list. An empty path is the message itself."""
    found = [message]
    for part in filter(None, path.split(".")):
        found = [inner for outer in found for inner in _step(part, outer)]
    return found


def value_at(path: str, message: Any) -> Any:
    """Return the first value at the path; None if there is none."""
    return next(iter(values_at(path, message)), None)


def elements_at(path: str, message: Any) -> list[Any]:
    """Return every value at the path, with lists replaced by their elements."""
    return [one for found in values_at(path, message) for one in (found if isinstance(found, list) else [found])]


def holds(conditions: Mapping[str, Condition], message: Any) -> bool:
    """Return whether every path has a value that meets its condition."""
    return all(_met(condition, values_at(path, message)) for path, condition in conditions.items())


def _step(part: str, value: Any) -> list[Any]:
    if isinstance(value, dict):
        return list(value.values()) if part == "*" else [value[part]] if part in value else []
    if isinstance(value, list):
        if part == "*":
            return list(value)
        return [value[int(part)]] if part.isdigit() and int(part) < len(value) else []
    return []


def _met(condition: Condition, values: list[Any]) -> bool:
    if isinstance(condition, dict):
        if "present" in condition:
            return bool(values) == bool(condition["present"])
        if "begins" in condition:
            return any(isinstance(value, str) and value.startswith(condition["begins"]) for value in values)
        return bool(values) and not any(_equal(condition["not"], value) for value in values)
    wanted = condition if isinstance(condition, list) else [condition]
    return any(_equal(one, value) for one in wanted for value in values)


def _equal(wanted: Any, value: Any) -> bool:
    return type(wanted) is type(value) and bool(wanted == value)
