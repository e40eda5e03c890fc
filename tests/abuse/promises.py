"""Check messages against docs/reference/protocol.md: their shapes, codes, and order within a turn."""

from __future__ import annotations

import base64
import json
import re
from collections import Counter
from typing import Any

from tests.abuse.rawsocket import Violation
from voicelab.pipeline.stage_times import StageTimes

CLOSING_CODES = frozenset({"too_fast", "too_far_ahead", "idle", "unauthorized"})
"""Errors after which the server closes the connection, with code 1008 and the error's code as the reason."""
CODES = CLOSING_CODES | {
    "bad_json", "bad_message", "unknown_event", "message_too_large", "unknown_session", "already_initialized",
    "unsupported_mode", "bad_base64", "bad_audio", "no_audio", "turn_too_long", "no_speech", "engine_failed",
    "forbidden", "going_away", "internal_error", "engine_busy", "history_unavailable", "session_full", "server_busy",
}  # fmt: skip

_NUMBER = (int, float)
_MAYBE_NUMBER = (int, float, type(None))
_MAYBE_TEXT = (str, type(None))
SHAPES: dict[str, dict[str, tuple[type, ...]]] = {
    "session_start": {"session_id": (str,), "user_id": (str,)},
    "partial_transcription": {"text": (str,), "session_id": (str,)},
    "speech_started": {"at_s": _NUMBER, "session_id": (str,)},
    "speech_stopped": {"at_s": _NUMBER, "silence_s": _NUMBER, "session_id": (str,)},
    "no_speech_detected": {"at_s": _NUMBER, "level_dbfs": _NUMBER, "session_id": (str,)},
    "transcription": {"text": (str,), "session_id": (str,)},
    "agent_response": {"text": (str,), "intent": (str,), "entities": (list,), "session_id": (str,)},
    "audio_chunk": {"audio_chunk": (str,), "format": (str,), "is_final": (bool,), "session_id": (str,)},
    "turn_metrics": {
        **dict.fromkeys(StageTimes.model_fields, _MAYBE_NUMBER),
        "candidates": (list,), "tool_calls": (list,), "changes": (list,), "usage": (dict, type(None)),
        "session_id": (str,),
    },
    "interrupted": {
        "turn_id": _MAYBE_TEXT, "stop_ms": _MAYBE_NUMBER, "said": _MAYBE_TEXT, "changes": _MAYBE_TEXT,
        "session_id": _MAYBE_TEXT,
    },
    "heartbeat": {"session_id": _MAYBE_TEXT},
    "error": {"code": (str,), "message": (str,), "session_id": _MAYBE_TEXT},
}  # fmt: skip
"""The events by name, with the types of their data; events of a turn may have a turn_id."""

_INSIDES = re.compile(r'Traceback|Errno|\b\w+(Error|Exception)\b|\bat 0x[0-9a-f]{6}|File "')


class Replies:
    """All messages of one connection, checked on arrival. errors: the number of each code."""

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self.last_error = ""
        self.session_id: str | None = None
        self.replying = False

    def take(self, message: str) -> tuple[str, dict[str, Any]]:
        """Return the event in a message. Raises Violation for an unknown event, or one not allowed here."""
        name, data = _event(message)
        if self.last_error in CLOSING_CODES:
            raise Violation(f"{name} came after {self.last_error}, which ends a connection")
        if data["session_id"] not in (None, self.session_id):
            if name != "session_start" or self.session_id is not None:
                raise Violation(f"{name} of another session: {message[:300]}")
            self.session_id = data["session_id"]
        match name:
            case "error":
                self._error(data)
            case "agent_response":
                if self.replying:
                    raise Violation("two answers to one turn")
                self.replying = True
            case "audio_chunk":
                self._chunk(data)
            case "interrupted" if data["turn_id"] is not None:
                self.replying = False
        return name, data

    def _error(self, data: dict[str, Any]) -> None:
        code, message = data["code"], data["message"]
        if code not in CODES:
            raise Violation(f"the code {code!r} is not documented")
        if code == "internal_error":
            raise Violation("internal_error")
        if _INSIDES.search(message):
            raise Violation(f"{code} carries the text of an exception: {message[:300]}")
        self.errors[code] += 1
        self.last_error = code
        if code in ("engine_failed", "going_away"):
            self.replying = False

    def _chunk(self, data: dict[str, Any]) -> None:
        if not self.replying:
            raise Violation("a chunk of a reply that was over, or had not begun")
        base64.b64decode(data["audio_chunk"], validate=True)
        self.replying = not data["is_final"]


def _event(message: str) -> tuple[str, dict[str, Any]]:
    try:
        whole = json.loads(message)
        name, data = whole["event"], whole["data"]
        shape = SHAPES[name]
    except (ValueError, KeyError, TypeError) as error:
        raise Violation(f"no event of the protocol: {message[:300]}") from error
    optional = {"turn_id"} - shape.keys()
    if set(whole) != {"event", "data"} or data.keys() - optional != shape.keys():
        raise Violation(f"{name} has not its fields: {message[:300]}")
    for field, kinds in shape.items():
        if type(data[field]) not in kinds:
            raise Violation(f"{name}: {field} is {data[field]!r}"[:300])
    return name, data
