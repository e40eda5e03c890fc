"""The log: lines for people, or JSON for programs; each with the session and the turn that it is about."""

from __future__ import annotations

import copy
import json
import logging
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Literal

from uvicorn.config import LOGGING_CONFIG

session_id: ContextVar[str] = ContextVar("session_id", default="")
turn_id: ContextVar[str] = ContextVar("turn_id", default="")

# The fields of a record that are not what somebody said with extra={...}.
_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}


QUOTED = "quoted"
"""The field of a record, given with extra={...}, that may repeat what somebody said."""


class Quotes(logging.Filter):
    """Adds what is quoted to the message where transcripts may be shown, and drops it elsewhere."""

    def __init__(self, *, are_shown: bool) -> None:
        super().__init__()
        self._are_shown = are_shown

    def filter(self, record: logging.LogRecord) -> bool:
        quoted = record.__dict__.pop(QUOTED, None)
        if quoted is not None and self._are_shown:
            record.msg, record.args = f"{record.getMessage()} ({quoted})", ()
        return True


class NoQueries(logging.Filter):
    """Cuts off what stands behind the ? in the addresses that uvicorn logs.

    A token is not taken from there, but a client may have put one there all the same.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.startswith("uvicorn") and isinstance(record.args, tuple):
            record.args = tuple(map(_without_query, record.args))
        return True


def _without_query(value: object) -> object:
    is_address = isinstance(value, str) and value.startswith("/")
    return str(value).partition("?")[0] if is_address else value


class JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, message, and what is known beside."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="microseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        line |= {name: value for name, value in (("session_id", session_id.get()), ("turn_id", turn_id.get())) if value}
        line |= {name: value for name, value in record.__dict__.items() if name not in _USUAL}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_config(level: str, form: Literal["text", "json"] = "text", *, transcripts: bool = False) -> dict[str, Any]:
    """uvicorn's, with our own loggers beside its. transcripts: whether what was said may be shown.

    Below `info` only ours speak: uvicorn would then print frames, which carry audio, and headers, which carry tokens.
    """
    config = copy.deepcopy(LOGGING_CONFIG)
    ours = "DEBUG" if level == "trace" else level.upper()
    for name in ("server", "voicelab"):
        config["loggers"][name] = {"handlers": ["default"], "level": ours, "propagate": False}
    # What else has to say something, of the libraries, says it in the same form.
    config["root"] = {"handlers": ["default"], "level": "WARNING"}
    config["filters"] = {
        "quotes": {"()": "server.logs.Quotes", "are_shown": transcripts},
        "no_queries": {"()": "server.logs.NoQueries"},
    }
    config["handlers"]["default"]["filters"] = ["quotes", "no_queries"]
    config["handlers"]["access"]["filters"] = ["no_queries"]
    if form == "json":
        for name in config["formatters"]:
            config["formatters"][name] = {"()": "server.logs.JsonLines"}
    return config


def level_for_uvicorn(level: str) -> str:
    """Its level, never below `info`."""
    return "info" if level in ("debug", "trace") else level
