"""Options of a session."""

from dataclasses import dataclass, field

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

    def shown(self, turn_id: str | None) -> str | None:
        """Return the turn's id if the client requested ids, else None."""
        return turn_id if self.options.turn_ids else None
