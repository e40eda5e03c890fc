"""Components from outside the package: imported classes, objects passed by the caller, and entry points.

    my_package.asr:Shouting:level=3    a class, imported where it runs (also from the working directory)
    object:my_module.Shouting          an object that `hand_over` has registered; it exists in this process only

A class needs the methods of its kind (`asr.base`, `agent.base`, `tts.base`); `load` is optional and may return None.
"""

import hashlib
import importlib
import inspect
import re
import sys
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from operator import attrgetter
from pathlib import Path
from typing import Any, cast

from voicelab.errors import InputError

OBJECT = "object:"
"""Prefix of the names of objects passed by the caller."""
METHODS = {"asr": "stream", "agent": "respond", "tts": "speak", "condition": "degrade"}
"""The required method of each kind of component."""
BASES = {
    "asr": "voicelab.asr.whole.WholeRecognizer",
    "agent": "voicelab.agent.base.Agent",
    "tts": "voicelab.tts.base.Voice",
    "condition": "voicelab.conditions.outside.Degradation",
}
_GROUPS = {"condition": "voicelab.conditions", "reader": "voicelab.readers", "target": "voicelab.targets"}
"""Entry point groups that are not `voicelab.<kind>`."""
_WRITTEN = {"reader": "function", "figure": "OBJECT"}
"""What is named where it is not a class."""
TRAITS = ("isolation", "lanes", "shared", "languages")
"""Class attributes with the meaning of the same fields of `spec.Entry`."""

_NAME = re.compile(
    r"(?P<name>object:[\w.<>-]+|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*)(?::(?P<options>.*))?", re.DOTALL
)
_handed_over: dict[tuple[str, str], object] = {}


def split(text: str) -> tuple[str, str] | None:
    """Parse the name and options of a class or object; None for a text that names neither."""
    found = _NAME.fullmatch(text)
    return (found["name"], found["options"] or "") if found is not None else None


@cache
def entry_points(kind: str) -> Mapping[str, tuple[str, str]]:
    """Return the entry points of installed packages in the kind's group: name -> ("module:Class", package)."""
    return {
        point.name: (point.value, point.dist.name if point.dist is not None else "another package")
        for point in metadata.entry_points(group=_GROUPS.get(kind, f"voicelab.{kind}"))
    }


def hand_over(kind: str, given: object) -> str:
    """Register a class or an object, and return the name under which its catalog finds it.

    A class that other processes can import gets the name `module:Class`. Objects, and classes that exist in this
    process only, are stored as `object:...`. Raises InputError if the object is not an engine of the kind.
    """
    owner = _checked_class(kind, given)
    if given is owner and _is_importable(owner):
        return f"{owner.__module__}:{owner.__qualname__}"
    plain = f"{OBJECT}{owner.__module__}.{owner.__qualname__}"
    name, number = plain, 1
    while _handed_over.get((kind, name), given) is not given:
        number += 1
        name = f"{plain}-{number}"
    _handed_over[kind, name] = given
    return name


def take_place(kind: str, name: str, given: object) -> None:
    """Use an object for the name `name` that a run of an earlier process recorded. Raises InputError if they differ."""
    owner = _checked_class(kind, given)
    if not name.startswith(f"{OBJECT}{owner.__module__}.{owner.__qualname__}"):
        raise InputError(f"{kind}: this run used {name}, not an object of {owner.__module__}.{owner.__qualname__}")
    _handed_over[kind, name] = given


def engine_class(kind: str, target: str) -> type[Any]:
    """Import the class of a name. Raises InputError if that fails or the class is not an engine of the kind."""
    if target.startswith(OBJECT):
        return _class_of(_given(kind, target))
    found = imported(kind, target)
    _check(kind, found, f"--{kind} {target}")
    return cast("type[Any]", found)


def build(kind: str, target: str, options: Mapping[str, Any]) -> Any:
    """Build the engine without loading it; a passed object is returned unchanged."""
    if not target.startswith(OBJECT):
        return engine_class(kind, target)(**options)
    given = _given(kind, target)
    return given(**options) if isinstance(given, type) else given


def check_stays(kind: str, name: str | None) -> None:
    """Raise InputError for an object, because the target runs its engines in another process."""
    if name is not None and name.startswith(OBJECT):
        given = _handed_over.get((kind, name))
        owner = _class_of(given)
        shown = name.removeprefix(OBJECT) if given is None else f"{owner.__module__}.{owner.__qualname__}"
        raise InputError(
            f"{kind}: {shown} exists in this process only, and this target runs its engines in "
            "another one; use target='in-process', or put the class in a module and give package.module:Class"
        )


def _given(kind: str, name: str) -> object:
    if (kind, name) not in _handed_over:
        raise InputError(
            f"{kind}: {name.removeprefix(OBJECT)} was an object of another process; pass it again, as "
            f"voicelab.resume(path, {kind}=...), or put its class in a module"
        )
    return _handed_over[kind, name]


def imported(kind: str, target: str) -> object:
    """Return the object at `module:name`, of an installed package or of the working directory. Raises InputError."""
    option = "samples" if kind == "reader" else kind
    form = f"package.module:{_WRITTEN.get(kind, 'Class')}"
    module, _, name = target.partition(":")
    here = str(Path.cwd())
    sys.path.append(here)
    try:
        return attrgetter(name)(importlib.import_module(module))
    except AttributeError as error:
        raise InputError(f"--{option} {target}: {error}; write {form}") from error
    except Exception as error:
        raise InputError(
            f"--{option} {target}: cannot be imported: {error}; write {form}, and install the package"
        ) from error
    finally:
        sys.path.remove(here)


def source_revision(kind: type) -> str:
    """Return the version of the class's package (`my-package 1.2`), or a digest of its source (`source 1a2b3c4d5e6f`).

    It is `no source` if the source is not available.
    """
    package = kind.__module__.partition(".")[0]
    try:
        return f"{package} {metadata.version(package)}"
    except (metadata.PackageNotFoundError, ValueError):
        pass
    functions = [one for _, one in sorted(vars(kind).items()) if inspect.isfunction(one)]
    try:
        # inspect cannot find the source of a class in a notebook cell, only that of its methods.
        texts = [inspect.getsource(one) for one in functions]
    except (OSError, TypeError):
        return "no source"
    return f"source {hashlib.sha256(''.join(texts).encode()).hexdigest()[:12]}"


def _check(kind: str, found: object, name: str) -> None:
    method = METHODS.get(kind)
    if not inspect.isclass(found) or (method is not None and not callable(getattr(found, method, None))):
        needs = f"a class with the method `{method}`" if method is not None else "a class"
        raise InputError(f"{name} cannot be used; it must be {needs}; see {BASES.get(kind, 'the docs')}")


def _class_of(given: object) -> type:
    return given if isinstance(given, type) else type(given)


def _checked_class(kind: str, given: object) -> type:
    owner = _class_of(given)
    _check(kind, owner, f"{kind}: {owner.__qualname__}")
    return owner


def _is_importable(given: type) -> bool:
    if given.__module__ == "__main__" or "." in given.__qualname__:
        return False
    module = sys.modules.get(given.__module__)
    known = getattr(module, "__spec__", None) is not None
    return known and getattr(module, given.__qualname__, None) is given
