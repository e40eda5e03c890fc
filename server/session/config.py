"""Options of a session."""

from dataclasses import dataclass, field
from typing import Any

from server.messages import Init


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """The user of a session, and its options.

    lead_s: seconds that a reply may be sent ahead of its playback; None disables pacing.
    """

    session_id: str
    user_id: str
    options: Init = field(default_factory=Init)
    lead_s: float | None = None

    def about(self, turn_id: str | None) -> dict[str, Any]:
        """Return the fields of a turn's events; turn_id is None unless the client requested ids."""
        return {"session_id": self.session_id or None, "turn_id": turn_id if self.options.turn_ids else None}
