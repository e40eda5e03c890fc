"""A text frame to the client event in it: strict JSON of a known shape, or a Refused that says what is wrong."""

from __future__ import annotations

import json
import re
from typing import Any

from pydantic import ValidationError

from server.messages import CLIENT_EVENTS, ClientEvent, ErrorCode, Refused

_MOST_DEPTH = 100
# It matches what it began with in any case, a string without an end too: so the time is in step with the length.
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]++|\\.?)*+"?|[\[\]{}]', re.DOTALL)


def read(frame: str, *, most_bytes: int) -> ClientEvent:
    """The event in a text frame; Refused says what was expected and what came."""
    envelope = _envelope(frame)
    # Four bytes is the most that a character takes: only a frame near the limit must be measured.
    size = len(frame.encode()) if 4 * len(frame) > most_bytes else 0
    if size > most_bytes:
        message = f"the message holds {size} bytes; at most {most_bytes} are taken: send the audio in smaller chunks"
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, message, chunk_is_final=_chunk_is_final(envelope))
    if isinstance(envelope, Refused):
        raise envelope
    name, data = envelope
    if name not in CLIENT_EVENTS:
        known = ", ".join(CLIENT_EVENTS)
        raise Refused(ErrorCode.UNKNOWN_EVENT, f"{name[:40]!r} is no event that this server takes; known: {known}")
    try:
        return CLIENT_EVENTS[name].model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        message = f"{name}: {field}: {first['msg']}"
        raise Refused(ErrorCode.BAD_MESSAGE, message, chunk_is_final=_chunk_is_final(envelope)) from error


class _LaxJsonError(ValueError):
    """What Python's reader takes and JSON (RFC 8259) does not, or leaves open; the text is ours."""


def _envelope(frame: str) -> tuple[str, dict[str, Any]] | Refused:
    """The event's name and its data, or why there are none."""
    if _is_too_deep(frame):
        return Refused(ErrorCode.BAD_JSON, f"the message is nested too deeply; at most {_MOST_DEPTH} levels are taken")
    try:
        message = _STRICT.decode(frame)
    except _LaxJsonError as fault:
        return Refused(ErrorCode.BAD_JSON, f"the message is not JSON: {fault}")
    except json.JSONDecodeError as fault:
        return Refused(ErrorCode.BAD_JSON, f"the message is not JSON: it goes wrong at character {fault.pos + 1}")
    except ValueError:
        # Python reads no integer of more than 4300 digits.
        return Refused(ErrorCode.BAD_JSON, "the message is not JSON that can be read: a number in it is too long")
    if not isinstance(message, dict) or not isinstance(message.get("event"), str):
        expected = '{"event": <name>, "data": {...}}'
        return Refused(ErrorCode.BAD_MESSAGE, f"expected {expected}; the message has no event name")
    data = message.get("data")
    if data is None:
        data = {}
    if not isinstance(data, dict):
        kind = type(data).__name__
        return Refused(ErrorCode.BAD_MESSAGE, f"{message['event'][:40]!r}: data must be an object, not {kind}")
    return message["event"], data


def _is_too_deep(frame: str) -> bool:
    """Whether arrays and objects lie in each other deeper than is taken, also where the rest is no JSON.

    Python's reader goes as deep as its stack allows. Whatever is collected as garbage meanwhile, of any connection, is
    then finalized at the end of that stack: it fails there, and stays.
    """
    if frame.count("[") + frame.count("{") <= _MOST_DEPTH:
        return False
    depth = 0
    for found in _STRING_OR_BRACKET.finditer(frame):
        match found[0]:
            case "[" | "{":
                depth += 1
                if depth > _MOST_DEPTH:
                    return True
            case "]" | "}":
                depth -= 1
    return False


def _no_constant(name: str) -> None:
    raise _LaxJsonError(f"{name} is no JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # Which of two values counts is not settled; a guess could drop audio without a word.
        raise _LaxJsonError("an object names one field twice")
    return found


# Made once: json.loads would make one for every frame.
_STRICT = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_object)


def _chunk_is_final(envelope: tuple[str, dict[str, Any]] | Refused) -> bool | None:
    """Whether a refused message was the last chunk of a turn; None when it was no chunk at all."""
    if isinstance(envelope, Refused) or envelope[0] != "audio_chunk":
        return None
    # Where is_final cannot be read the turn counts as over: waiting for an end that never comes would go on for ever.
    return envelope[1].get("is_final") is not False
