"""Specifications, catalogs and descriptions of engines.

Each recognizer, agent or voice is a class with keyword options in its own file, with a line in the table of its kind
(`asr/catalog.py`, `agent/catalog.py`, `tts/catalog.py`).
"""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any, Literal, Self, cast

from voicelab.engines import outside
from voicelab.engines.addresses import take_user
from voicelab.engines.options import Option, OptionValue, constructor_options, read_options
from voicelab.errors import EngineMissingError, InputError, without_user

Isolation = Literal["process", "thread"]


@dataclass(frozen=True, slots=True)
class EngineSpec:
    """The name and options of an engine: `name` or `name:option=value,option=value`.

    A first part without an option name, as in `replay:FILE`, is stored under "" in the options.

    The user part of addresses among the options is removed and stored for the connection (engines/addresses.py).
    """

    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse the written form. Raises InputError when an option has no value."""
        name, _, rest = text.strip().partition(":")
        options: dict[str, str] = {}
        for part in filter(None, (piece.strip() for piece in rest.split(","))):
            key, equals, value = part.partition("=")
            if not equals and not options and "@" not in part:
                options[""] = part  # the catalog knows whether the engine accepts one
                continue
            if not equals:
                found = "a part with @ but without =; write a comma in a password as %2C" if "@" in part else repr(part)
                raise InputError(f"engine {name!r}: write options as {name}:option=value, not {found}")
            options[key.strip()] = take_user(value.strip())
        return cls(name, options)

    @classmethod
    def without_users(cls, written: str) -> str:
        """The written form without the users of its addresses. The catalog decides later whether it is valid."""
        return str(cls.parse(written)) if "@" in written else written

    def __str__(self) -> str:
        options = ",".join(f"{key}={value}" if key else value for key, value in self.options.items())
        return f"{self.name}:{options}" if options else self.name


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """A loaded engine; stored in every result.

    options: all options, defaults included. revision: the model or its version. load_s: loading time in seconds. lanes:
    number of concurrent utterances. note: remark repeated in every result, e.g. that this engine replaces another; may
    be empty. The user part of addresses is removed from all values.
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

    @property
    def spec(self) -> EngineSpec:
        """The specification that builds this engine again."""
        return EngineSpec(self.name, {key: str(value) for key, value in self.options.items() if value is not None})

    def shown(self, name: object = None) -> str:
        """One line for a table: a name (its own by default), revision and device."""
        return f"{name or self.name} ({self.revision}, {self.device})"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of an engine table.

    target: "module:Class". extra: the pip extra that installs its packages. install: the command that installs them,
    where no extra does. packages: those whose versions identify the revision. isolation: "process" for engines that
    hold the GIL or may crash, otherwise "thread". lanes: number of
    workers; None is one per core for recognizers in processes, otherwise one. shared: the workers are threads that
    share one engine, whose utterances are independent and whose calls release the GIL; otherwise each worker has its
    own engine. environment: variables for its process, unless the user sets them. needs: requirements beyond packages:
    weights, a key, a network. languages: language codes of a recognizer; None when they depend on its options.
    positional: the option that may be given without its name: `replay:FILE`. outside: the kind of engine, for a
    class of another package or an object of the caller (outside.py).
    """

    target: str
    summary: str
    isolation: Isolation = "thread"
    extra: str | None = None
    install: str | None = None
    packages: tuple[str, ...] = ()
    lanes: int | None = None
    shared: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    needs: str = ""
    languages: tuple[str, ...] | None = None
    positional: str | None = None
    outside: str | None = None

    @property
    def engine_class(self) -> type[Any]:
        """Import the class. Raises InputError if a class from outside cannot be used."""
        if self.outside is not None:
            return outside.engine_class(self.outside, self.target)
        module, _, name = self.target.partition(":")
        return cast("type[Any]", getattr(importlib.import_module(module), name))

    def options(self) -> dict[str, Option]:
        """Options of the constructor; none for an object, which is built already."""
        if self.target.startswith(outside.OBJECT) or self._fault() is not None:
            return {}
        return constructor_options(self.engine_class)

    def installed(self) -> bool:
        """Whether all required packages are installed, and a class from outside can be imported."""
        return all(map(is_installed, self.packages)) and self._fault() is None

    def _fault(self) -> str | None:
        """Return why a class from another package cannot be used; None if it can."""
        if self.outside is None:
            return None
        try:
            _ = self.engine_class
        except InputError as error:
            return str(error)
        return None

    @property
    def install_command(self) -> str:
        """The command that installs the missing packages, and other requirements."""
        if (fault := self._fault()) is not None:
            return f"repair its package: {fault}"
        if self.install is not None:
            return self.install
        if self.extra is not None:
            return f"pip install 'voicelab[{self.extra}]'"
        missing = " ".join([package for package in self.packages if not is_installed(package)] or self.packages)
        return f"pip install {missing}" + (f" (it needs {self.needs})" if self.needs else "")


def installed_version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def is_installed(package: str) -> bool:
    return installed_version(package) is not None


def package_revision(*packages: str) -> str:
    """Return the versions of installed packages as one string: "pocketsphinx 5.1.1"."""
    return ", ".join(f"{package} {installed_version(package)}" for package in packages)


@dataclass(frozen=True, slots=True)
class EngineConfig:
    """A validated configuration that builds an engine, here or in another process; made by a Catalog."""

    kind: str
    name: str
    entry: Entry
    options: Mapping[str, OptionValue] = field(default_factory=dict)

    def build(self) -> Any:
        """Return the engine, not loaded yet."""
        if self.entry.outside is not None:
            return outside.build(self.kind, self.entry.target, self.options)
        return self.entry.engine_class(**self.options)

    def load(self, engine: Any) -> EngineInfo:
        """Load a built engine. Missing details of an engine from outside are filled in, with its written name."""
        if self.entry.outside is None:
            return cast("EngineInfo", engine.load())
        loaded = engine.load() if hasattr(engine, "load") else None
        info = loaded if isinstance(loaded, EngineInfo) else EngineInfo(self.kind, self.name, {}, "")
        return replace(
            info,
            kind=self.kind,
            name=self.name,
            options={**info.options, **self.options},
            revision=info.revision or outside.source_revision(type(engine)),
        )


@dataclass(frozen=True)
class Catalog:
    """The table of one kind of engine. shipped: the engines of this package."""

    kind: str
    shipped: Mapping[str, Entry]

    @property
    def entries(self) -> Mapping[str, Entry]:
        """The shipped engines and the entry points `voicelab.<kind>` of installed packages."""
        installed = outside.entry_points(self.kind)
        if not installed:
            return self.shipped
        found = {
            name: Entry(target, f"from the package {package}", outside=self.kind)
            for name, (target, package) in installed.items()
        }
        return {**found, **self.shipped}

    def parse(self, text: str) -> EngineSpec:
        """Parse an engine specification: `name:option=value,...` or `package.module:Class:option=value,...`."""
        spec = EngineSpec.parse(text)
        if spec.name in self.entries or (found := outside.split(text.strip())) is None:
            return spec
        name, options = found
        return EngineSpec(name, EngineSpec.parse(f"{self.kind}:{options}").options)

    def entry(self, name: str) -> Entry | None:
        """Return the entry of an engine, from the table or for a class or object from outside; None if unknown."""
        if outside.split(name) is not None:
            return _outside_entry(self.kind, name)
        return self.entries.get(name)

    def config(self, spec: EngineSpec | str) -> EngineConfig:
        """Check name, packages and options against the table.

        Raises InputError, which lists the known names or options, or EngineMissingError, which names the pip extra.
        """
        spec = self.parse(spec) if isinstance(spec, str) else spec
        entry = self.entry(spec.name)
        if entry is None:
            raise InputError(
                f"unknown {self.kind} engine {spec.name!r}; known: {', '.join(self.entries)}; "
                "or your own class: package.module:Class"
            )
        if entry.outside is not None:
            _ = entry.engine_class  # raises InputError if it cannot be used
        if not entry.installed():
            raise EngineMissingError(spec.name, f"not installed; run: {entry.install_command}")
        return EngineConfig(self.kind, spec.name, entry, self._values(spec, entry))

    def _values(self, spec: EngineSpec, entry: Entry) -> dict[str, OptionValue]:
        """Return all options of the engine; those in the spec are converted to their types. Raises InputError."""
        known = entry.options()
        written: dict[str, str] = {}
        for key, text in spec.options.items():
            name = key or entry.positional
            if name is None:
                raise InputError(f"engine {spec.name!r}: write options as {spec.name}:option=value, not {text!r}")
            written[name] = text
        noun = self.kind if self.kind == "condition" else f"{self.kind} engine"
        defaults = {name: option.default for name, option in known.items()}
        return defaults | read_options(f"{noun} {spec.name!r}", known, written)


def _outside_entry(kind: str, name: str) -> Entry:
    """Create the entry of a class or object from outside. Its class attributes set how it runs (`outside.TRAITS`)."""
    entry = Entry(name, "your own class", outside=kind)
    traits = {
        trait: getattr(entry.engine_class, trait)
        for trait in outside.TRAITS
        if hasattr(entry.engine_class, trait) and not (name.startswith(outside.OBJECT) and trait == "isolation")
    }
    return replace(entry, **traits)
