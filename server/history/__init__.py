"""Sessions, their turns and the users' watchlists, in SQLite or PostgreSQL."""

from server.history.faults import HistoryUnavailableError, SessionFullError, SessionGoneError
from server.history.records import INTERRUPTED, TurnRecord
from server.history.store import History

__all__ = ["INTERRUPTED", "History", "HistoryUnavailableError", "SessionFullError", "SessionGoneError", "TurnRecord"]
