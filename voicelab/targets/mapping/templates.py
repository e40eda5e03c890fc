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


def names_in(template: Any) -> Iterator[str]:
    """Return the names of the variables in a template."""
    if isinstance(template, dict):
        for value in template.values():
            yield from names_in(value)
    elif isinstance(template, list):
        for value in template:
            yield from names_in(value)
    elif isinstance(template, str):
        yield from _VARIABLE.findall(template)
