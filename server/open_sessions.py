"""Count the connections of each session. A session ends when its last connection closes."""

from collections import Counter


class OpenSessions:
    """Counts the connections of each session in this process."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()

    def enter(self, session_id: str) -> None:
        """Add a connection. Call it before updating the history, so that another connection cannot end the session."""
        self._connections[session_id] += 1

    def leave(self, session_id: str) -> bool:
        """Remove a connection. Returns whether it was the last one."""
        self._connections[session_id] -= 1
        if self._connections[session_id] > 0:
            return False
        del self._connections[session_id]
        return True
