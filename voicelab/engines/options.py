"""Options of an engine or a target: the keyword parameters of its constructor."""

import inspect
import types
import typing
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from voicelab.errors import InputError

OptionValue = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Option:
    """An option of an engine or a target, from its constructor. required: without a default."""

    name: str
    type: type
    optional: bool
    default: OptionValue
    required: bool = False

    def __str__(self) -> str:
        """Format for listings: `beam_size: int = 5`."""
        if self.required:
            return f"{self.name}: {self.type.__name__}"
        return f"{self.name}: {self.type.__name__}{' or none' if self.optional else ''} = {self.default!r}".replace(
            "None", "none"
        )

    def read(self, text: str) -> OptionValue:
        """Convert a written option. Raises ValueError when it does not match the type."""
        if self.optional and text.lower() == "none":
            return None
        if self.type is bool:
            if text.lower() in ("true", "yes", "on", "1"):
                return True
            if text.lower() in ("false", "no", "off", "0"):
                return False
            raise ValueError(text)
        return cast("OptionValue", self.type(text))


def constructor_options(kind: type[Any]) -> dict[str, Option]:
    """Return the keyword options in the constructor of a class."""
    if kind.__init__ is object.__init__:
        return {}
    hints = typing.get_type_hints(kind.__init__)
    found = {}
    for name, parameter in inspect.signature(kind).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        members = _union_members(hints.get(name, str))
        kinds = [hint for hint in members if hint is not types.NoneType]
        required = parameter.default is inspect.Parameter.empty
        default = None if required else parameter.default
        found[name] = Option(name, kinds[0], len(kinds) < len(members), default, required)
    return found


def read_options(what: str, known: Mapping[str, Option], written: Mapping[str, str]) -> dict[str, OptionValue]:
    """Convert written options to their types. what: what has these options, for errors.

    Raises InputError for an unknown or a missing option, and for a value of another type.
    """
    listed = f"its options: {', '.join(known) or 'none'}"
    values: dict[str, OptionValue] = {}
    for name, text in written.items():
        if name not in known:
            raise InputError(f"{what} has no option {name!r}; {listed}")
        try:
            values[name] = known[name].read(text)
        except ValueError as error:
            wanted = known[name].type.__name__
            raise InputError(f"{what}: option {name} takes a value of type {wanted}, not {text!r}") from error
    if missing := [name for name, option in known.items() if option.required and name not in values]:
        raise InputError(f"{what} needs {missing[0]}=...; {listed}")
    return values


def _union_members(hint: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)


def check_choice(name: str, value: str, choices: Collection[str]) -> None:
    """Raise InputError, which lists the choices, for another value of an option."""
    if value not in choices:
        raise InputError(f"option {name} is {value!r}; it may be {', '.join(choices)}")


def read_pairs(text: str, *, what: str) -> dict[str, str]:
    """Parse names with values in one option, joined by semicolons: `model=tiny;language=en`.

    Returns the values by name. Raises InputError, whose message starts with `what`.
    """
    found = {}
    for part in filter(None, text.split(";")):
        name, equals, value = part.partition("=")
        if not equals:
            raise InputError(f"{what}: {part!r} is not NAME=VALUE; separate several with ;")
        found[name.strip()] = value.strip()
    return found
