"""Parse a YAML file into plain values and the line of each key."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from voicelab.errors import InputError

Place = tuple[str | int, ...]
"""The keys and list indices that lead to a value."""
_DEEPEST = 40


@dataclass(frozen=True)
class MapSource:
    """The contents of a file. lines: the line (from 1) of every place in it."""

    name: str
    value: Any
    lines: Mapping[Place, int]

    def error(self, place: Sequence[str | int], reason: str) -> InputError:
        """Return an error that names the file, the line and the key."""
        known = tuple(place)
        while known and known not in self.lines:
            known = known[:-1]
        return InputError(f"{self.name}, line {self.lines.get(known, 1)}: {written(place)}{reason}")


def written(place: Sequence[str | int]) -> str:
    """Format a place for errors: `receive.when[2].match: `."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
    return f"{text.lstrip('.')}: " if text else ""


def read_source(text: str, name: str) -> MapSource:
    """Parse YAML. Raises InputError with file and line for a syntax error, a repeated key or an alias."""
    try:
        if any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text)):
            raise InputError(f"{name}: contains an alias (*name); repeat the value instead")
        root = yaml.compose(text, yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise InputError(f"{name}, line {line}: not YAML: {error.problem or error.context}") from error
    except RecursionError as error:
        raise InputError(f"{name}: nested deeper than {_DEEPEST} levels") from error
    except yaml.YAMLError as error:
        raise InputError(f"{name}: not YAML: {error}") from error
    if root is None:
        raise InputError(f"{name}: is empty; `voicelab targets map` shows the format")
    lines: dict[Place, int] = {}
    return MapSource(name, _value(root, (), lines, name), lines)


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], name: str) -> Any:
    lines.setdefault(place, node.start_mark.line + 1)
    if len(place) > _DEEPEST:
        raise InputError(f"{name}, line {lines[place]}: nested deeper than {_DEEPEST} levels")
    if isinstance(node, yaml.SequenceNode):
        return [_value(one, (*place, index), lines, name) for index, one in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key, line = str(key_node.value), key_node.start_mark.line + 1
            if key in found:
                raise InputError(f"{name}, line {line}: {written((*place, key))}occurs twice")
            lines[(*place, key)] = line
            found[key] = _value(value_node, (*place, key), lines, name)
        return found
    try:
        return yaml.SafeLoader("").construct_object(node)
    except (yaml.YAMLError, ValueError) as error:
        raise InputError(f"{name}, line {lines[place]}: {written(place)}cannot be read: {error}") from error
