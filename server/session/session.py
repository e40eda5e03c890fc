"""The session of one connection: its user, its options, and how it starts or resumes."""

from dataclasses import dataclass, field
from typing import Any

from server.history import TurnRecord
from server.messages import ErrorCode, Init, Refused
from server.outgoing import ErrorEvent
from server.services import Services
from server.session.rate_limiter import RateLimiter
from server.session.sender import Sender
from voicelab.agent.base import Dialogue


@dataclass(eq=False, repr=False)
class ServerSession:
    """What the turns of one connection share.

    session_id: empty before the session starts. options: those of `init`. lead_s: seconds that a reply may be sent
    ahead of its playback; None disables pacing.
    """

    services: Services
    sender: Sender
    user_id: str
    session_id: str = ""
    options: Init = field(default_factory=Init)
    lead_s: float | None = None

    def __post_init__(self) -> None:
        self.rate_limiter = RateLimiter(self.services.settings.realtime_slack_s)

    async def start(self, init: Init, token_user: str | None) -> None:
        """Start a session or resume one. Raises Refused if the server does not support the request.

        token_user: the token's user; None without tokens.
        """
        services = self.services
        if init.mode == "continuous":
            if services.vad_batcher is None:
                message = "this server does not support mode 'continuous' (VAD=none); known: turns, realtime"
                raise Refused(ErrorCode.UNSUPPORTED_MODE, message)
            await services.vad_batcher.open()
        user_id = init.user_id or self.user_id
        if token_user not in (None, user_id):
            raise Refused(ErrorCode.FORBIDDEN, f"the token belongs to {token_user}; omit user_id")
        if init.session_id:
            session_id = await _resumed(init.session_id, services, user_id)
        else:
            session_id = await services.history.start_session(user_id)
            services.open_sessions.take(session_id)
        paced = init.mode != "turns" if init.paced is None else init.paced
        self.user_id, self.session_id, self.options = user_id, session_id, init
        self.lead_s = services.settings.reply_lead_s if paced else None

    def about(self, turn_id: str | None) -> dict[str, Any]:
        """Return the fields of a turn's events; turn_id is None unless the client requested ids."""
        return {"session_id": self.session_id or None, "turn_id": turn_id if self.options.turn_ids else None}

    async def send_error(self, refusal: Refused, turn_id: str | None = None) -> None:
        """Send an error event. turn_id: the turn that it ended."""
        await self.sender.send(ErrorEvent(code=refusal.code, message=refusal.message, **self.about(turn_id)))

    async def dialogue(self) -> Dialogue:
        """Return the agent's context: the last turns and the user's watchlist."""
        return await self.services.history.dialogue(self.session_id, self.user_id)

    async def keep(self, turn: TurnRecord) -> None:
        """Record a completed turn once (see `Services.keep`)."""
        await self.services.keep(self.session_id, self.user_id, turn)


async def _resumed(session_id: str, services: Services, user_id: str) -> str:
    """Resume a session and count this connection. Raises Refused when the user has no such session."""
    # Counted before the history is updated, so that another connection cannot end the session.
    services.open_sessions.take(session_id)
    is_known = False
    try:
        is_known = await services.history.resume_session(session_id, user_id)
    finally:
        if not is_known:
            services.open_sessions.give_back(session_id)
    if not is_known:
        message = f"{user_id} has no session {session_id}; send init without session_id to start a new one"
        raise Refused(ErrorCode.UNKNOWN_SESSION, message)
    return session_id
