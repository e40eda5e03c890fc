"""Logging as text or JSON, with the session and the turn of each message.

Text from clients is escaped, so that it cannot forge or colour lines. Credentials and queries are removed from URLs,
and transcripts are logged only with LOG_TRANSCRIPTS.
"""

import copy
import json
import logging
import re
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal

from uvicorn.config import LOGGING_CONFIG
from uvicorn.logging import DefaultFormatter

from voicelab.errors import without_user

session_id: ContextVar[str] = ContextVar("session_id", default="")
turn_id: ContextVar[str] = ContextVar("turn_id", default="")

# The standard fields of a log record, as opposed to those of extra={...}.
_USUAL = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "color_message", "taskName"}

# C0, DEL, C1, line and paragraph separators, bidirectional controls and surrogates.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
_BUT_NEW_LINES = re.compile(f"(?!\n){_UNPRINTABLE.pattern}")

QUOTED = "quoted"
"""Name of the extra={...} field whose text may quote a transcript."""

_ExceptionInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def printable(text: str, unprintable: re.Pattern[str] = _UNPRINTABLE) -> str:
    """Return the text with control characters escaped (`\\x1b`) and without credentials in URLs."""
    return unprintable.sub(lambda found: ascii(found[0])[1:-1], without_user(text))


class OneLine(logging.Filter):
    """Turn every message into one printable line, and reduce the request targets that uvicorn logs to their path.

    are_shown: append the QUOTED field to the message; else it is dropped.
    """

    def __init__(self, *, are_shown: bool) -> None:
        super().__init__()
        self._are_shown = are_shown

    def filter(self, record: logging.LogRecord) -> bool:
        quoted = record.__dict__.pop(QUOTED, None)
        # uvicorn formats its coloured message from the raw arguments.
        record.__dict__.pop("color_message", None)
        if record.name.startswith("uvicorn") and isinstance(record.args, tuple):
            # The server does not accept tokens in a URL, but a client may have sent one there.
            record.args = tuple(_path(one) if isinstance(one, str) else one for one in record.args)
        if record.name == "uvicorn.access" and isinstance(record.args, tuple):
            # uvicorn's formatter needs the separate arguments.
            record.args = tuple(printable(one) if isinstance(one, str) else one for one in record.args)
            return True
        message = record.getMessage()
        if quoted is not None and self._are_shown:
            message = f"{message} ({quoted})"
        if record.name == "asyncio":
            message = message.partition("\n")[0]  # the rest repeats the exception with its message
        record.msg, record.args = printable(message.rstrip()), ()
        return True


# Scheme and host of an absolute request target (`GET http://ada:secret@host/path`), as uvicorn quotes them.
_AUTHORITY = re.compile(r"[a-z][a-z0-9+.-]*(?::|%3A)//(?:.*(?:@|%40))?[^/]*", re.IGNORECASE)


def _path(target: str) -> str:
    """Return the path of a request target."""
    path = re.split("[?#]", target)[0]
    authority = _AUTHORITY.match(path)
    return path if authority is None else path[authority.end() :]


class _Exceptions(logging.Formatter):
    """Format exceptions. Their messages may quote transcripts and are included only if `are_shown`."""

    def __init__(self, *arguments: Any, are_shown: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._are_shown = are_shown

    def formatException(self, ei: _ExceptionInfo) -> str:  # noqa: N802 - the name that logging calls
        _, error, trace = ei
        if error is None:
            return ""
        lines = traceback.format_exception(error) if self._are_shown else _without_messages(error, trace)
        return printable("".join(lines).rstrip(), _BUT_NEW_LINES)


def _without_messages(error: BaseException, trace: TracebackType | None) -> list[str]:
    earlier = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    lines = [*_without_messages(earlier, earlier.__traceback__), "then:\n"] if earlier is not None else []
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    parts = [_without_messages(one, one.__traceback__) for one in getattr(error, "exceptions", ())]
    inner = [line for part in parts for line in part]
    head = "Traceback (most recent call last):\n"
    return [*lines, head, *traceback.format_tb(trace), f"{name} (LOG_TRANSCRIPTS=true shows its message)\n", *inner]


class TextLines(_Exceptions, DefaultFormatter):
    """Log format for people."""


class JsonLines(_Exceptions):
    """Log format for programs: one JSON object per line with time, level, logger, message and extra fields."""

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
        return _UNPRINTABLE.sub(_json_escape, json.dumps(line, ensure_ascii=False, default=str))


def _json_escape(found: re.Match[str]) -> str:
    return f"\\u{ord(found[0]):04x}"


def log_config(level: str, form: Literal["text", "json"] = "text", *, transcripts: bool = False) -> dict[str, Any]:
    """Return a logging configuration: uvicorn's, extended by the loggers of voicelab.

    transcripts: whether transcripts may be logged. Levels below `info` apply only to voicelab's loggers, because
    uvicorn would log frames, which carry audio, and headers, which carry tokens.
    """
    config = copy.deepcopy(LOGGING_CONFIG)
    ours = "DEBUG" if level == "trace" else level.upper()
    for name in ("server", "voicelab"):
        config["loggers"][name] = {"handlers": ["default"], "level": ours, "propagate": False}
    # Libraries log in the same format.
    config["root"] = {"handlers": ["default"], "level": "WARNING"}
    config["filters"] = {"one_line": {"()": "server.logs.OneLine", "are_shown": transcripts}}
    for handler in ("default", "access"):
        config["handlers"][handler]["filters"] = ["one_line"]
    if form == "json":
        for name in config["formatters"]:
            config["formatters"][name] = {"()": "server.logs.JsonLines", "are_shown": transcripts}
    else:
        config["formatters"]["default"] |= {"()": "server.logs.TextLines", "are_shown": transcripts}
    return config


def level_for_uvicorn(level: str) -> str:
    """Return uvicorn's log level, at least `info`."""
    return "info" if level in ("debug", "trace") else level
