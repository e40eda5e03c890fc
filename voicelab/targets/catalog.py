"""The table of targets, and the parser of target specifications.

    openai-realtime:url=ws://host:port,model=...   a target of the table, with options
    http://host:8000                               short for voicelab:url=http://host:8000
    my_package.agents:Bot:option=value             your own class; see `base.TargetBase`

Packages can add targets through the entry point group `voicelab.targets` (name = "module:Class").
"""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

from voicelab.engines import outside
from voicelab.engines.addresses import take_user
from voicelab.engines.options import OptionValue, constructor_options, read_options
from voicelab.engines.spec import EngineSpec
from voicelab.errors import EngineMissingError, InputError, without_user
from voicelab.targets.base import Capabilities, Target


@dataclass(frozen=True, slots=True)
class TargetEntry:
    """An entry of the table.

    path: "module:Class". needs: prerequisites. engines: whether --asr, --agent and --tts choose the engines ("all"),
    must match the engines in use ("checked"), or do not apply ("none"). main_option: the option that may be written
    without its name (`map:FILE`).
    """

    path: str
    title: str
    needs: str = "nothing"
    engines: str = "none"
    main_option: str | None = None

    def load(self) -> type[Any]:
        """Import the class. Raises InputError if that fails."""
        return _class_at(self.path)


TARGETS: dict[str, TargetEntry] = {
    "server": TargetEntry(
        "voicelab.targets.own_server:OwnServerTarget", "a voicelab server that the run starts", engines="all"
    ),
    "in-process": TargetEntry(
        "voicelab.targets.in_process:InProcess", "voicelab's pipeline, without a server", engines="all"
    ),
    "voicelab": TargetEntry(
        "voicelab.targets.voicelab_server:VoicelabServer",
        "a running server with voicelab's protocol",
        needs="url=http://host:port",
        engines="checked",
    ),
    "openai-realtime": TargetEntry(
        "voicelab.targets.openai_realtime:OpenAIRealtime",
        "OpenAI Realtime and compatible servers",
        needs="OPENAI_API_KEY, or url=ws://host:port/path",
    ),
    "rtvi": TargetEntry("voicelab.targets.rtvi:RTVI", "a pipecat bot", needs="url=ws://host:port"),
    "twilio": TargetEntry(
        "voicelab.targets.twilio:Twilio",
        "a phone agent behind Twilio, Plivo, Telnyx, Vonage or Exotel",
        needs="url=ws://host:port/path",
    ),
    "map": TargetEntry(
        "voicelab.targets.mapped:Mapped",
        "any JSON or binary WebSocket, described in a YAML file",
        needs="FILE.yaml or a shipped map's name",
        main_option="file",
    ),
    "wyoming": TargetEntry("voicelab.targets.wyoming:Wyoming", "a Wyoming voice pipeline", needs="url=tcp://host:port"),
    "http": TargetEntry(
        "voicelab.targets.http:HTTPAgent", "an HTTP endpoint: one upload, one answer", needs="url=http://host:port/path"
    ),
}

_CLASS = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(?::.*)?", re.DOTALL)
_SECRET = re.compile(
    r"(?:^|[_.-])(?:api[_-]?key|key|token|secret|password|passwd|authorization|signature)$", re.IGNORECASE
)


@dataclass(frozen=True)
class TargetConfig:
    """A requested target with validated options. spec: its specification, without secrets."""

    spec: str
    name: str
    entry: TargetEntry
    options: Mapping[str, OptionValue]

    @property
    def capabilities(self) -> Capabilities:
        """The capabilities that the class declares; those of an instance may depend on its options."""
        return cast("Capabilities", self.entry.load().capabilities)

    def build(self) -> Target:
        """Create the target without opening it. Raises InputError if its options contradict each other."""
        return cast("Target", self.entry.load()(**self.options))


def known_targets() -> dict[str, TargetEntry]:
    """Return the table with the targets of installed packages."""
    installed = outside.entry_points("target").items()
    return {name: TargetEntry(path, f"from the package {package}") for name, (path, package) in installed} | TARGETS


def target_config(text: str) -> TargetConfig:
    """Parse a target specification and check its name and options. Raises InputError."""
    spec = take_user(text.strip())
    if spec.lower().startswith(("http://", "https://")):
        _check_without_secrets("url", spec)
        return TargetConfig(spec, "voicelab", TARGETS["voicelab"], {"url": spec})
    name, _, rest = spec.partition(":")
    entry = known_targets().get(name)
    if entry is not None:
        return _config(spec, name, entry, rest)
    if _CLASS.fullmatch(spec):
        module, attribute, *options = spec.split(":", 2)
        return _config(spec, f"{module}:{attribute}", TargetEntry(f"{module}:{attribute}", "your own class"), *options)
    known = ", ".join(known_targets())
    raise InputError(
        f"unknown target {without_user(spec)!r}; give the server's address as http://host:port, a name of `voicelab "
        f"targets` ({known}), or package.module:Class"
    )


def describe_object(target: object) -> str:
    """Return the name, in a run's record, of a target that was passed as an object."""
    kind = type(target)
    return f"object:{kind.__module__}.{kind.__qualname__}"


def _config(spec: str, name: str, entry: TargetEntry, rest: str = "") -> TargetConfig:
    if entry.main_option is not None and rest and not rest.startswith(f"{entry.main_option}="):
        rest = f"{entry.main_option}={rest}"
    written, known = _options(name, rest), constructor_options(entry.load())
    if secret := next((key for key in written if key in known and _SECRET.search(key)), None):
        raise InputError(
            f"target {name!r}: {secret} would store a secret in the run's record; use an environment variable"
        )
    values = read_options(f"target {name!r}", known, written)
    for key, value in values.items():
        if isinstance(value, str):
            _check_without_secrets(key, value)
    return TargetConfig(spec, name, entry, values)


def _options(name: str, rest: str) -> dict[str, str]:
    """Parse `key=value,key=value`. A comma in a value is written as %2C if another option follows."""
    if not rest:
        return {}
    for part in rest.split(","):
        if part and "=" not in part:
            found = "a part with @ but without =; write a comma in a password as %2C" if "@" in part else repr(part)
            raise InputError(f"target {name!r}: write options as {name}:option=value,option=value, not {found}")
    return dict(EngineSpec.parse(f"target:{rest}").options)


def _check_without_secrets(option: str, value: str) -> None:
    """Raise InputError if the query of a URL seems to contain a secret."""
    try:
        query = parse_qsl(urlsplit(value).query)
    except ValueError:
        return
    for key, content in query:
        if _SECRET.search(key) and not content.startswith("$"):
            raise InputError(
                f"{option}: the URL contains {key}=..., which would be stored in the run's record; export it as an "
                f"environment variable and write {key}=${{VARIABLE}}, or use the target's key_env option"
            )


def _class_at(path: str) -> type[Any]:
    """Import the class at "module:Class" from an installed package or the working directory."""
    try:
        found: Any = outside.imported("target", path)
    except InputError as error:
        if isinstance(error.__cause__, ModuleNotFoundError) and path in {entry.path for entry in TARGETS.values()}:
            raise EngineMissingError(path, f"{error.__cause__}; install the packages of this target") from error
        raise
    if not (inspect.isclass(found) and hasattr(found, "session") and hasattr(found, "capabilities")):
        raise InputError(
            f"target {path}: is not a target: it needs `capabilities` and `session`; derive it from "
            "voicelab.targets.base.TargetBase"
        )
    return found
