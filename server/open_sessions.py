"""Which sessions have connections: one that several share has ended when the last of them has closed."""

from __future__ import annotations

from collections import Counter


class OpenSessions:
    """Counts the connections of each session in this process."""

    def __init__(self) -> None:
        self._connections: Counter[str] = Counter()

    def enter(self, session_id: str) -> None:
        """A connection takes part in it. Call it before the history is told, so that no other ends it meanwhile."""
        self._connections[session_id] += 1

    def leave(self, session_id: str) -> bool:
        """A connection is gone; whether it was the last one."""
        self._connections[session_id] -= 1
        if self._connections[session_id] > 0:
            return False
        del self._connections[session_id]
        return True
