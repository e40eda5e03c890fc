"""What a client and the server agreed on when the session began."""

from __future__ import annotations

from dataclasses import dataclass

from voicelab.audio.encoder import REPLY_RATE_HZ, ReplyFormat


@dataclass(frozen=True, slots=True)
class SessionConfig:
    """Whose session it is, and what the client asked for with init.

    realtime: whether sound may come no faster than it is spoken. lead_s: how many seconds a reply may run ahead of the
    ear; None sends it as fast as it is made. continuous: sound is an endless stream, in which turns are to be found.
    metrics, partials, starts, stops, silences, turn_ids: which additions the client wants to see.
    """

    session_id: str
    user_id: str
    reply_format: ReplyFormat = "opus"
    reply_rate_hz: int = REPLY_RATE_HZ
    realtime: bool = False
    lead_s: float | None = None
    metrics: bool = False
    continuous: bool = False
    partials: bool = False
    starts: bool = False
    stops: bool = False
    silences: bool = False
    turn_ids: bool = False

    def shown(self, turn_id: str | None) -> str | None:
        """A turn's id for this client; None where it did not ask for ids."""
        return turn_id if self.turn_ids else None
