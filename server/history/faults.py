"""Errors of the history. The messages contain no addresses, user names or passwords."""

import sys

from sqlalchemy import exc

from voicelab.errors import VoicelabError

LOCKED = "the database is locked"
READ_ONLY = "the database is read-only"
FULL = "the disk of the database is full"
UNREACHABLE = "the database cannot be reached"
SLOW = "the database does not answer in time"
FAILED = "the database failed"

_OF_THE_STATEMENT = (exc.IntegrityError, exc.ProgrammingError, exc.DataError, exc.NotSupportedError)
"""Errors of the statement, not of the database."""


class HistoryUnavailableError(VoicelabError):
    """The history is unavailable; the same call may succeed later. reason: one of the messages above."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the history cannot be used now: {reason}; try again later")
        self.reason = reason


class SessionFullError(VoicelabError):
    """The session has reached MAX_SESSION_TURNS."""


class SessionGoneError(VoicelabError):
    """The session was removed from the history."""


def opening_errors() -> tuple[type[Exception], ...]:
    """Return the exceptions of a failed connection. While connecting, SQLAlchemy does not wrap those of asyncpg."""
    asyncpg = sys.modules.get("asyncpg")
    of_asyncpg = (asyncpg.PostgresError, asyncpg.InterfaceError) if asyncpg else ()
    return (OSError, exc.SQLAlchemyError, *of_asyncpg)


def is_of_the_database(error: Exception) -> bool:
    """Return whether the database caused the error, and not the statement."""
    if isinstance(error, exc.DBAPIError):
        return not isinstance(error, _OF_THE_STATEMENT)
    if isinstance(error, exc.SQLAlchemyError):
        return isinstance(error, exc.TimeoutError)
    return isinstance(error, opening_errors())


def reason_of(error: BaseException) -> str:
    """Return the message above that describes the error."""
    cause: BaseException = getattr(error, "orig", None) or error
    text = str(cause).lower()
    if isinstance(error, TimeoutError | exc.TimeoutError) or isinstance(cause, TimeoutError):
        return SLOW
    for word, reason in (("locked", LOCKED), ("readonly", READ_ONLY), ("read-only", READ_ONLY), ("full", FULL)):
        if word in text:
            return reason
    if isinstance(cause, OSError) or "unable to open" in text or "connection" in text:
        return UNREACHABLE
    return FAILED
