"""Load and check maps: files, and the maps shipped with voicelab."""

import json
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from voicelab.errors import InputError
from voicelab.targets.mapping.model import TargetMap
from voicelab.targets.mapping.source import MapSource, read_source
from voicelab.targets.mapping.templates import names_in, texts_in

GIVEN = frozenset({"user_id", "session_id", "time_ms", "sequence"})
"""Variables that every message can use."""
_FOLDER = resources.files("voicelab.targets") / "maps"
_LARGEST_BYTES = 1_000_000


def shipped_maps() -> tuple[str, ...]:
    return tuple(sorted(one.name.removesuffix(".yaml") for one in _FOLDER.iterdir() if one.name.endswith(".yaml")))


def load_map(file: str) -> TargetMap:
    """Load a map from a file, or a shipped map by its name. Raises InputError that names file, line and key."""
    if file in shipped_maps():
        return parse_map((_FOLDER / f"{file}.yaml").read_text(encoding="utf-8"), f"{file}.yaml")
    path = Path(file)
    try:
        if path.stat().st_size > _LARGEST_BYTES:
            raise InputError(f"{file}: is larger than {_LARGEST_BYTES} bytes; a map is a short YAML file")
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{file}: no such file; shipped maps: {', '.join(shipped_maps())}") from error
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{file}: is not UTF-8 text") from error
    return parse_map(text, file)


def parse_map(text: str, name: str) -> TargetMap:
    """Parse a map. name: name of the file, for errors."""
    source = read_source(text, name)
    try:
        found = TargetMap.model_validate_json(_as_json(source))
    except ValidationError as error:
        raise _first_error(source, error) from error
    _check_variables(source, found)
    return found


def _as_json(source: MapSource) -> str:
    try:
        return json.dumps(source.value)
    except TypeError as error:
        raise InputError(
            f"{source.name}: contains a value that JSON does not support (a date?); put it in quotes"
        ) from error


def _first_error(source: MapSource, error: ValidationError) -> InputError:
    """Return the most specific error: the one at the deepest place in the file."""
    details = max(error.errors(), key=lambda one: len(_place(source, one["loc"])))
    reason = str(details["msg"])
    if reason.startswith("Value error, "):
        reason = reason.removeprefix("Value error, ")
    else:
        reason = reason[0].lower() + reason[1:]
    if details["type"] == "extra_forbidden":
        reason = "is not a key of a map here"
    elif details["type"] == "missing":
        reason = "is missing"
    place = _place(source, details["loc"])
    if details["type"] == "missing":
        place = (*place, str(details["loc"][-1]))
    return source.error(place, reason)


def _place(source: MapSource, location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """Return the location within the file, without pydantic's names of union members."""
    place: tuple[int | str, ...] = ()
    for part in location:
        if (*place, part) in source.lines:
            place = (*place, part)
    return place


def _check_variables(source: MapSource, found: TargetMap) -> None:
    """Raise InputError if a template uses an unknown variable."""
    known = set(found.variables) | GIVEN
    request = source.value.get("request") or {}
    for key in ("url", "headers", "body"):
        _check_names(source, ("request", key), request.get(key), known)
    known |= set(request.get("read", {}))
    _check_names(source, ("connect",), source.value.get("connect"), known)
    known |= {name for rule in found.receive.when for name in rule.set}
    send = source.value.get("send") or {}
    extra = {"sound": {"sound"}, "interrupt": {"played_ms"}, "played": {"mark"}}
    for key, value in send.items():
        _check_names(source, ("send", key), value, known | extra.get(key, set()))
    for index, rule in enumerate(source.value.get("receive", {}).get("when", [])):
        _check_names(source, ("receive", "when", index, "answer"), rule.get("answer"), known, message=True)
    _check_sound(source, found)


def _check_sound(source: MapSource, found: TargetMap) -> None:
    message = found.send.sound.message
    if message is not None and not any("sound" in names_in(text) for _, text in texts_in(message)):
        raise source.error(("send", "sound", "message"), "does not contain ${sound}, so no audio would be sent")
    heard = found.receive.binary == "sound" or any(rule.sound is not None for rule in found.receive.when)
    if not heard and not rules_give(found, "reply_text", "caller_text"):
        raise source.error(
            ("receive",), "no rule gives `sound`, `reply_text` or `caller_text`, so nothing can be measured"
        )


def _check_names(
    source: MapSource, place: tuple[str | int, ...], template: Any, known: set[str], *, message: bool = False
) -> None:
    for inner, text in texts_in(template, place):
        for name in names_in(text):
            if name in known or (message and name.startswith(("message.", "part."))):
                continue
            given = f"{', '.join(sorted(known))}{', message.PATH, part.PATH' if message else ''}"
            raise source.error(inner, f"${{{name}}} is not defined; known here: {given}")


def rules_give(found: TargetMap, *names: str) -> bool:
    """Return whether a rule of the map gives one of these events."""
    return any(bool(getattr(rule, name)) for rule in found.receive.when for name in names)
