"""Normalizers from outside the package: `module:OBJECT`, entry points `voicelab.normalizer`, and objects."""

from dataclasses import replace
from importlib import import_module
from importlib.metadata import entry_points

from voicelab.errors import InputError
from voicelab.text.normalizer import Normalizer

GROUP = "voicelab.normalizer"
OBJECT = "object:"
_handed_over: dict[str, Normalizer] = {}


def hand_over(given: Normalizer) -> str:
    """Register an object in this process and return its name. Raises InputError unless it is a Normalizer."""
    if not isinstance(given, Normalizer):
        raise InputError(
            f"normalizer: {type(given).__qualname__} cannot be used; give a voicelab.text.Normalizer, or a "
            "name such as 'english'"
        )
    name = f"{OBJECT}{given.name}"
    _handed_over[name] = replace(given, name=name)
    return name


def from_outside(name: str) -> Normalizer | None:
    """Return the normalizer of this name, which is also its `name`; None for names of other kinds."""
    if name.startswith(OBJECT):
        if name not in _handed_over:
            raise InputError(
                f"normalizer {name.removeprefix(OBJECT)!r} was an object of another process; put it in a module and "
                "give package.module:OBJECT"
            )
        return _handed_over[name]
    point = next(iter(entry_points(group=GROUP, name=name)), None)
    written = point.value if point is not None else name
    if ":" not in written:
        return None
    module, _, attribute = written.partition(":")
    try:
        found = getattr(import_module(module), attribute)
    except Exception as error:
        raise InputError(f"normalizer {name}: cannot be imported: {error}; write package.module:OBJECT") from error
    if not isinstance(found, Normalizer):
        raise InputError(f"normalizer {name}: is not a voicelab.text.Normalizer")
    return replace(found, name=name)
