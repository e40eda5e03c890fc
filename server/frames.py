"""Parse text frames into client events: strict JSON that matches an event's schema, else Refused."""

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from server.messages import CLIENT_EVENTS, ClientEvent, ErrorCode, Refused
from server.nesting import MOST_DEPTH, is_too_deep

_NOT_TEXT = "expected a text frame with JSON, got a binary frame"
_IS_CHUNK = re.compile(r'"event"\s*+:\s*+"audio_chunk"')


@dataclass(frozen=True, slots=True)
class FrameLimits:
    """Maximum size of a frame in bytes. json_bytes: of the frame without its audio, checked before it is parsed."""

    message_bytes: int
    json_bytes: int


def read(frame: str | bytes, limits: FrameLimits) -> ClientEvent:
    """Parse a text frame. Raises Refused with what was expected and what was received."""
    if not isinstance(frame, str):
        raise Refused(ErrorCode.BAD_MESSAGE, _NOT_TEXT)
    try:
        _check_size_beside_audio(frame, limits.json_bytes, "audio_chunk")
    except Refused as refusal:
        if is_too_deep(frame[: limits.json_bytes]):
            raise _too_deep() from None
        # is_final is unknown without parsing; the turn then counts as complete (see _chunk_is_final).
        refusal.chunk_is_final = True if _IS_CHUNK.search(frame) else None
        raise
    envelope = _envelope(frame)
    try:
        return _event(frame, envelope, limits)
    except Refused as refusal:
        refusal.chunk_is_final = _chunk_is_final(envelope)
        raise


def read_json(frame: str | bytes, limits: FrameLimits, audio: str) -> dict[str, Any]:
    """Parse the JSON object in a text frame. Raises Refused if it is invalid or too large.

    audio: name of the field with base64 audio, the only one that may be long.
    """
    if not isinstance(frame, str):
        raise Refused(ErrorCode.BAD_MESSAGE, _NOT_TEXT)
    _check_size_beside_audio(frame, limits.json_bytes, audio)
    _check_size(frame, limits.message_bytes, "send the sound in smaller pieces")
    message = _parse(frame)
    if not isinstance(message, dict):
        raise Refused(ErrorCode.BAD_MESSAGE, f"expected a JSON object, not {type(message).__name__}")
    # A surrogate is always written as an escape, because frames are UTF-8.
    if "\\u" in frame and not _is_unicode(message):
        # Replies repeat the client's ids, and text with an unpaired surrogate cannot be encoded.
        raise Refused(ErrorCode.BAD_JSON, "the message is not JSON: a string contains an unpaired surrogate")
    return message


def _check_size_beside_audio(frame: str, most_bytes: int, field: str) -> None:
    """Refuse a frame with too much besides its audio. Parsing it would take many times its size in memory."""
    if len(frame) <= most_bytes:
        return
    # Some encoders escape slashes. The quantifiers are possessive, so that an unterminated string takes linear time.
    found = re.search(rf'"{field}"\s*+:\s*+"(?P<audio>(?:[^"\\]++|\\/)*+)"', frame)
    rest = len(frame) - (len(found["audio"]) if found else 0)
    if rest > most_bytes:
        message = f"the message holds {rest} characters besides its audio; at most {most_bytes} bytes are accepted"
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, f"{message} (MAX_JSON_BYTES)")


def _event(frame: str, envelope: tuple[str, dict[str, Any]] | Refused, limits: FrameLimits) -> ClientEvent:
    _check_size(frame, limits.message_bytes, "send the audio in smaller chunks")
    if isinstance(envelope, Refused):
        raise envelope
    name, data = envelope
    if name != "audio_chunk":
        _check_size(frame, limits.json_bytes, "only an audio_chunk may be longer (MAX_JSON_BYTES)")
    if name not in CLIENT_EVENTS:
        known = ", ".join(CLIENT_EVENTS)
        raise Refused(ErrorCode.UNKNOWN_EVENT, f"{name[:40]!r} is not a client event; known: {known}")
    try:
        return CLIENT_EVENTS[name].model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise Refused(ErrorCode.BAD_MESSAGE, f"{name}: {field}: {first['msg']}") from error


def _check_size(frame: str, most_bytes: int, way_out: str) -> None:
    """Raise Refused for a frame of more than most_bytes in UTF-8."""
    # A character takes at most four bytes, so only frames near the limit have to be encoded.
    size = len(frame.encode()) if 4 * len(frame) > most_bytes else 0
    if size > most_bytes:
        message = f"the message holds {size} bytes; at most {most_bytes} are accepted: {way_out}"
        raise Refused(ErrorCode.MESSAGE_TOO_LARGE, message)


class _LaxJsonError(ValueError):
    """JSON that Python accepts but RFC 8259 forbids or leaves undefined."""


def _envelope(frame: str) -> tuple[str, dict[str, Any]] | Refused:
    """Return the event's name and data, or the Refused with the reason."""
    try:
        message = _parse(frame)
    except Refused as refusal:
        return refusal
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


def _is_unicode(message: dict[str, Any]) -> bool:
    try:
        json.dumps(message, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def _parse(frame: str) -> Any:
    if is_too_deep(frame):
        raise _too_deep()
    try:
        return _STRICT.decode(frame)
    except _LaxJsonError as fault:
        raise Refused(ErrorCode.BAD_JSON, f"the message is not JSON: {fault}") from fault
    except json.JSONDecodeError as fault:
        message = f"the message is not JSON: syntax error at character {fault.pos + 1}"
        raise Refused(ErrorCode.BAD_JSON, message) from fault
    except ValueError as fault:
        # Python limits integers to 4300 digits.
        message = "the message is not JSON that this server can read: an integer is too long"
        raise Refused(ErrorCode.BAD_JSON, message) from fault


def _too_deep() -> Refused:
    return Refused(ErrorCode.BAD_JSON, f"the message is nested too deeply; at most {MOST_DEPTH} levels are accepted")


def _no_constant(name: str) -> None:
    raise _LaxJsonError(f"{name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        # RFC 8259 does not define which value counts. Guessing could silently drop audio.
        raise _LaxJsonError("an object contains the same field twice")
    return found


# json.loads would build a decoder for every frame.
_STRICT = json.JSONDecoder(parse_constant=_no_constant, object_pairs_hook=_object)


def _chunk_is_final(envelope: tuple[str, dict[str, Any]] | Refused) -> bool | None:
    """Return whether a refused message was the last chunk of a turn; None for messages that are not chunks."""
    if isinstance(envelope, Refused) or envelope[0] != "audio_chunk":
        return None
    # If is_final is invalid, the turn counts as complete. Otherwise it might wait forever for its last chunk.
    return envelope[1].get("is_final") is not False
