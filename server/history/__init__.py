"""Sessions, their turns and the users' watchlists, in SQLite or PostgreSQL."""

from server.history.records import INTERRUPTED, SessionSummary, TurnRecord
from server.history.store import History
from server.history.tables import SessionRow, TurnRow, WatchedTicker

__all__ = ["INTERRUPTED", "History", "SessionRow", "SessionSummary", "TurnRecord", "TurnRow", "WatchedTicker"]
