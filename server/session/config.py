"""Options of a session."""

from dataclasses import dataclass

from server.messages import Notice
from voicelab.audio.encoder import REPLY_RATE_HZ, ReplyFormat


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """The user of a session, and the options from `init`.

    realtime: audio must not arrive faster than real time. lead_s: seconds that a reply may be sent ahead of its
    playback; None disables pacing. continuous: audio is an endless stream in which the server finds the turns.
    events, turn_ids: optional events and a field that the client requested.
    """

    session_id: str
    user_id: str
    reply_format: ReplyFormat = "opus"
    reply_rate_hz: int = REPLY_RATE_HZ
    realtime: bool = False
    lead_s: float | None = None
    continuous: bool = False
    events: frozenset[Notice] = frozenset()
    turn_ids: bool = False

    def shown(self, turn_id: str | None) -> str | None:
        """Return the turn's id if the client requested ids, else None."""
        return turn_id if self.turn_ids else None
