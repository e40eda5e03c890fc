"""How a session begins: what a client may ask for with init, and what it is given."""

from __future__ import annotations

from server.messages import ErrorCode, Init, Refused
from server.services import Services
from server.session.config import SessionConfig


async def agree(init: Init, services: Services, *, user_id: str, token_user: str | None) -> SessionConfig:
    """The terms of a new session, or of one that is taken up again; Refused says what cannot be had.

    user_id: who it is where init does not say. token_user: whose token was shown, if the server asks for one.
    """
    if init.mode == "continuous":
        await _open_ears(services)
    user_id = init.user_id or user_id
    if token_user not in (None, user_id):
        raise Refused(ErrorCode.FORBIDDEN, f"the token is {token_user}'s; leave user_id out")
    session_id = (
        await _resumed(init.session_id, services, user_id) if init.session_id else await _new(services, user_id)
    )
    realtime = init.mode != "turns"
    paced = realtime if init.paced is None else init.paced
    return SessionConfig(
        session_id=session_id,
        user_id=user_id,
        reply_format=init.audio_format,
        reply_rate_hz=init.reply_rate_hz,
        realtime=realtime,
        lead_s=services.settings.reply_lead_s if paced else None,
        metrics="turn_metrics" in init.events,
        continuous=init.mode == "continuous",
        partials="partial_transcription" in init.events,
        starts="speech_started" in init.events,
        stops="speech_stopped" in init.events,
        silences="no_speech_detected" in init.events,
        turn_ids=init.turn_ids,
    )


async def unasked(services: Services, user_id: str) -> SessionConfig:
    """The terms of a client that speaks without init: it gets a session all the same."""
    return SessionConfig(await _new(services, user_id), user_id)


async def _new(services: Services, user_id: str) -> str:
    session_id = await services.history.start_session(user_id)
    services.open_sessions.enter(session_id)
    return session_id


async def _resumed(session_id: str, services: Services, user_id: str) -> str:
    """Take the session up, from now on as one of its connections; Refused when this user has no such session."""
    services.open_sessions.enter(session_id)
    is_known = False
    try:
        is_known = await services.history.resume_session(session_id, user_id)
    finally:
        if not is_known:
            services.open_sessions.leave(session_id)
    if not is_known:
        message = f"{user_id} has no session {session_id}; send init without session_id for a new one"
        raise Refused(ErrorCode.UNKNOWN_SESSION, message)
    return session_id


async def _open_ears(services: Services) -> None:
    if services.vad_batcher is None:
        message = "mode 'continuous' is not to be had here; known: turns, realtime"
        raise Refused(ErrorCode.UNSUPPORTED_MODE, message)
    await services.vad_batcher.open()
