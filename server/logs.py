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


def log_config(level: str, form: Literal["text", "json"] = "text") -> dict[str, Any]:
    """uvicorn's, with our own loggers beside its. Below `info` only ours speak: uvicorn would then print frames, which
    carry audio, and headers, which carry tokens.
    """
    config = copy.deepcopy(LOGGING_CONFIG)
    ours = "DEBUG" if level == "trace" else level.upper()
    for name in ("server", "voicelab"):
        config["loggers"][name] = {"handlers": ["default"], "level": ours, "propagate": False}
    # What else has to say something, of the libraries, says it in the same form.
    config["root"] = {"handlers": ["default"], "level": "WARNING"}
    if form == "json":
        for name in config["formatters"]:
            config["formatters"][name] = {"()": "server.logs.JsonLines"}
    return config


def level_for_uvicorn(level: str) -> str:
    """Its level, never below `info`."""
    return "info" if level in ("debug", "trace") else level
