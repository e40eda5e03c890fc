"""What every kind of engine shares: how one is named, found, built, and described.

A recognizer, an agent or a voice is a class with keyword options, in a file of its own, and a line in its kind's
table (`asr/catalog.py`, `agent/catalog.py`, `tts/catalog.py`).
"""

from __future__ import annotations

import importlib
import inspect
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from typing import Any, Literal, Self

from voicelab.addresses import take_user, without_user
from voicelab.errors import EngineMissingError, InputError

OptionValue = str | int | float | bool | None
Isolation = Literal["process", "thread"]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """Which engine is asked for, with which options: `name` or `name:option=value,option=value`.

    A first part without an option's name, as in `replay:FILE`, is under "" among the options.

    An address among the options loses its user part, which is remembered for the connection (addresses.py).
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the written form; InputError when an option has no value."""
        name, _, rest = text.strip().partition(":")
        options: dict[str, str] = {}
        for part in filter(None, (piece.strip() for piece in rest.split(","))):
            key, equals, value = part.partition("=")
            if not equals and not options and "@" not in part:
                options[""] = part  # the catalog knows whether the engine takes one
                continue
            if not equals:
                found = "a part with @ and no =; write a comma in a password as %2C" if "@" in part else repr(part)
                raise InputError(f"engine {name!r}: write options as {name}:option=value, not {found}")
            options[key.strip()] = take_user(value.strip())
        return cls(name, options)

    def __str__(self) -> str:
        options = ",".join(f"{key}={value}" if key else value for key, value in self.options.items())
        return f"{self.name}:{options}" if options else self.name


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What was really loaded; stored in every result.

    options are all of them, defaults included; revision names the model or its version; load_s is how long it took;
    lanes: how many utterances it works at at once. note: what every result says about the choice of this engine, such
    as that it replaces another; "" where there is nothing. Addresses lose their user part, whatever an engine puts in.
    """

    kind: str
    name: str
    options: Mapping[str, OptionValue]
    revision: str
    device: str = "cpu"
    licence: str = ""
    load_s: float = 0.0
    lanes: int = 1
    note: str = ""

    def __post_init__(self) -> None:
        shown = {name: take_user(value) if isinstance(value, str) else value for name, value in self.options.items()}
        object.__setattr__(self, "options", shown)
        object.__setattr__(self, "revision", without_user(self.revision))


@dataclass(frozen=True, slots=True)
class Option:
    """One option of an engine or a target, as its constructor declares it. required: it has no default."""

    name: str
    type: type
    optional: bool
    default: OptionValue
    required: bool = False

    def __str__(self) -> str:
        """As it is listed: `beam_size: int = 5`."""
        if self.required:
            return f"{self.name}: {self.type.__name__}"
        return f"{self.name}: {self.type.__name__}{' or none' if self.optional else ''} = {self.default!r}".replace(
            "None", "none"
        )

    def read(self, text: str) -> OptionValue:
        """The value that a written option means; ValueError when it is not of the type."""
        if self.optional and text.lower() == "none":
            return None
        if self.type is bool:
            if text.lower() in ("true", "yes", "on", "1"):
                return True
            if text.lower() in ("false", "no", "off", "0"):
                return False
            raise ValueError(text)
        return typing.cast("OptionValue", self.type(text))


@dataclass(frozen=True)
class Entry:
    """One line of an engine table.

    target: "module:Class". extra: the pip extra that brings its packages. packages: those whose versions say which
    revision ran. isolation: "process" for engines that hold the GIL or may take the process down, "thread" for others.
    lanes: how many of it work side by side; None is one per core for a recognizer in processes, else one. shared: these
    are threads at one engine, whose utterances share nothing and whose calls leave the GIL; else each has its own.
    environment: variables for its process, where the user has not set them. needs: what it takes beyond its packages:
    weights, a key, a network. languages: codes of the languages that a recognizer hears; None: it depends on its
    options. positional: the option that may be given without its name: `replay:FILE`.
    """

    target: str
    summary: str
    isolation: Isolation = "thread"
    extra: str | None = None
    packages: tuple[str, ...] = ()
    lanes: int | None = None
    shared: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    languages: tuple[str, ...] | None = None
    positional: str | None = None

    @cached_property
    def engine_class(self) -> type[Any]:
        module, _, name = self.target.partition(":")
        return typing.cast("type[Any]", getattr(importlib.import_module(module), name))

    def options(self) -> dict[str, Option]:
        """The options that the constructor takes."""
        return constructor_options(self.engine_class)

    def installed(self) -> bool:
        """Whether every package it needs is there."""
        return all(map(is_installed, self.packages))

    @property
    def install_command(self) -> str:
        """The command that installs what is missing, and what that needs."""
        if self.extra is not None:
            return f"pip install 'voicelab[{self.extra}]'"
        missing = " ".join([package for package in self.packages if not is_installed(package)] or self.packages)
        return f"pip install {missing}" + (f" (it needs {self.needs})" if self.needs else "")


def constructor_options(kind: type[Any]) -> dict[str, Option]:
    """The keyword options that a class declares in its constructor."""
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


def _union_members(hint: Any) -> tuple[Any, ...]:
    is_union = typing.get_origin(hint) in (typing.Union, types.UnionType)
    return typing.get_args(hint) if is_union else (hint,)


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def is_installed(package: str) -> bool:
    """Whether a distribution of that name is installed."""
    return _version(package) is not None


def package_revision(*packages: str) -> str:
    """The versions of installed packages, as one string: "pocketsphinx 5.1.1"."""
    return ", ".join(f"{package} {_version(package)}" for package in packages)


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """All that is needed to build an engine, here or in another process; made by a Catalog, which checked it."""

    kind: str
    name: str
    target: str
    isolation: Isolation
    options: Mapping[str, OptionValue]
    lanes: int | None = None
    shared: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)

    def build(self) -> Any:
        """The engine, not loaded yet."""
        module, _, name = self.target.partition(":")
        return getattr(importlib.import_module(module), name)(**self.options)


@dataclass(frozen=True)
class Catalog:
    """The table of one kind of engine."""

    kind: str
    entries: Mapping[str, Entry]

    def config(self, spec: EngineSpec | str) -> EngineConfig:
        """Check name, packages and options against the table.

        Raises InputError that lists the known names or options, EngineMissingError that names the pip extra.
        """
        spec = EngineSpec.parse(spec) if isinstance(spec, str) else spec
        entry = self.entries.get(spec.name)
        if entry is None:
            raise InputError(f"unknown {self.kind} engine {spec.name!r}; known: {', '.join(self.entries)}")
        if not entry.installed():
            raise EngineMissingError(spec.name, f"not installed; run: {entry.install_command}")
        known = entry.options()
        values = {name: option.default for name, option in known.items()}
        given = {key or entry.positional for key in spec.options}
        if missing := [name for name, option in known.items() if option.required and name not in given]:
            raise InputError(f"{self.kind} engine {spec.name!r} needs {missing[0]}: {spec.name}:{missing[0]}=...")
        for key, text in spec.options.items():
            name = key or entry.positional
            if name is None:
                raise InputError(f"engine {spec.name!r}: write options as {spec.name}:option=value, not {text!r}")
            if name not in known:
                listed = ", ".join(known) or "none"
                raise InputError(f"{self.kind} engine {spec.name!r} has no option {name!r}; its options: {listed}")
            try:
                values[name] = known[name].read(text)
            except ValueError as error:
                wanted = known[name].type.__name__
                raise InputError(f"{spec.name}: option {name} takes a value of type {wanted}, not {text!r}") from error
        return EngineConfig(
            self.kind,
            spec.name,
            entry.target,
            entry.isolation,
            values,
            entry.lanes,
            entry.shared,
            entry.environment,
        )
