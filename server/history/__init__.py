"""Sessions, their turns and the users' watchlists, in SQLite or PostgreSQL."""

from server.history.faults import HistoryUnavailableError, SessionFullError, SessionGoneError
from server.history.records import INTERRUPTED, KeptTurn, SessionSummary, TurnRecord
from server.history.store import History
from server.history.tables import SessionRow, TurnRow, WatchedTicker

__all__ = [
    "INTERRUPTED",
    "History",
    "HistoryUnavailableError",
    "KeptTurn",
    "SessionFullError",
    "SessionGoneError",
    "SessionRow",
    "SessionSummary",
    "TurnRecord",
    "TurnRow",
    "WatchedTicker",
]
