"""Message templates with variables: `${name}` within a text, or as a whole value, which then keeps its type."""

import re
from collections.abc import Callable, Iterator
from typing import Any

_VARIABLE = re.compile(r"\$\{([A-Za-z_][\w.*]*)\}")

Lookup = Callable[[str], Any]
"""A function that returns the value of a variable, or raises KeyError."""


def fill(template: Any, lookup: Lookup) -> Any:
    """Replace every variable in the template. Raises KeyError for a variable without a value."""
    if isinstance(template, dict):
        return {key: fill(value, lookup) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(value, lookup) for value in template]
    if not isinstance(template, str):
        return template
    whole = _VARIABLE.fullmatch(template)
    if whole is not None:
        return lookup(whole[1])
    return _VARIABLE.sub(lambda found: str(lookup(found[1])), template)


def texts_in(template: Any, place: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Yield every text in a template with its place: the keys and list indices that lead to it."""
    if isinstance(template, dict):
        for key, value in template.items():
            yield from texts_in(value, (*place, key))
    elif isinstance(template, list):
        for index, value in enumerate(template):
            yield from texts_in(value, (*place, index))
    elif isinstance(template, str):
        yield place, template


def names_in(text: str) -> list[str]:
    """Return the names of the variables in a text."""
    return _VARIABLE.findall(text)
