"""Figures from outside the package: objects passed in Python, `package.module:OBJECT`, and installed entry points."""

import re
from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from voicelab.engines.outside import imported
from voicelab.errors import InputError
from voicelab.figures.figure import AnyFigure, Figure, Percentile
from voicelab.figures.table import FIGURES, Table

ENTRY_POINTS = "voicelab.figures"
_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z0-9_]+)?")
_REQUIRED = ("name", "title", "short", "better")


def table_with(figures: Iterable[Any] = ()) -> Table:
    """Return the shipped figures, those of installed packages, and these.

    figures: Figure or Percentile objects, objects or classes with the same attributes, or `package.module:OBJECT`.
    Raises InputError for anything else, and for a name that is already used.
    """
    table = dict(_installed())
    for one in several(figures):
        named = f"figure {one}" if isinstance(one, str) else f"figures: {type(one).__qualname__}"
        _add(table, as_figure(named_object(one) if isinstance(one, str) else one, named), named)
    return table


def several(figures: Any) -> tuple[Any, ...]:
    """The given figures; a single one stands for itself."""
    return tuple(figures) if isinstance(figures, Iterable) and not isinstance(figures, str) else (figures,)


@cache
def _installed() -> Table:
    table = dict(FIGURES)
    for point in entry_points(group=ENTRY_POINTS):
        source = f"entry point {ENTRY_POINTS}: {point.name} = {point.value}"
        try:
            found = point.load()
        except Exception as error:
            raise InputError(f"{source}: cannot be imported: {error}; repair or uninstall that package") from error
        _add(table, as_figure(found, source), source)
    return table


def _add(table: dict[str, AnyFigure], figure: AnyFigure, source: str) -> None:
    if table.get(figure.name, figure) != figure:
        raise InputError(f"{source}: a figure named '{figure.name}' already exists; choose another name")
    table[figure.name] = figure


def named_object(text: str) -> Any:
    """Import the object at `package.module:OBJECT`. Raises InputError if that fails."""
    module, _, name = text.partition(":")
    if not (module and name):
        raise InputError(f"--figure {text}: name an object of an installed module, such as my_package.figures:FIGURE")
    return imported("figure", text)


def as_figure(given: Any, source: str) -> AnyFigure:
    """Return a Figure or Percentile for an object or a class. Raises InputError that names missing attributes."""
    one = given() if isinstance(given, type) else given
    if not isinstance(one, Figure | Percentile):
        one = _from_attributes(one, source)
    if not _NAME.fullmatch(str(one.name)):
        raise InputError(
            f"{source}: name '{one.name}': use lower-case letters, digits and _, such as sentence_error_rate"
        )
    if one.better not in ("lower", "higher"):
        raise InputError(f"{source}: better is '{one.better}'; write lower or higher")
    return one


def _from_attributes(one: Any, source: str) -> AnyFigure:
    kind = Percentile if hasattr(one, "sample") else Figure
    required = (*_REQUIRED, *(("sample", "quantile") if kind is Percentile else ("counts", "value")))
    if missing := [name for name in required if not hasattr(one, name)]:
        raise InputError(f"{source} is not a figure: it lacks {', '.join(missing)}; see docs/reference/figures.md")
    fields = {name: getattr(one, name) for name in kind.__dataclass_fields__ if hasattr(one, name)}
    return kind(**fields)
