"""Map exceptions to errors for clients. Messages of VoicelabError are sent; other exceptions are only logged."""

import logging

from starlette.websockets import WebSocketDisconnect

from server.history import HistoryUnavailableError, SessionFullError, SessionGoneError
from server.http.refusal import HttpRefusal
from server.logs import QUOTED
from server.messages import ErrorCode, Refused
from voicelab.errors import (
    BusyError,
    EngineBusyError,
    EngineError,
    InputError,
    NoSpeechError,
    TurnTooLongError,
    VoicelabError,
)

logger = logging.getLogger(__name__)

_STATUS = {
    ErrorCode.UNKNOWN_SESSION: 404,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.ENGINE_FAILED: 503,
    ErrorCode.ENGINE_BUSY: 503,
    ErrorCode.HISTORY_UNAVAILABLE: 503,
    ErrorCode.SESSION_FULL: 409,
    ErrorCode.SERVER_BUSY: 503,
}
_CODES: dict[type[VoicelabError], ErrorCode] = {
    NoSpeechError: ErrorCode.NO_SPEECH,
    EngineBusyError: ErrorCode.ENGINE_BUSY,
    HistoryUnavailableError: ErrorCode.HISTORY_UNAVAILABLE,
    SessionFullError: ErrorCode.SESSION_FULL,
    SessionGoneError: ErrorCode.UNKNOWN_SESSION,
    BusyError: ErrorCode.SERVER_BUSY,
    TurnTooLongError: ErrorCode.TURN_TOO_LONG,
    InputError: ErrorCode.BAD_AUDIO,
}
"""Codes of the errors whose message is sent, subclasses before their base."""


class as_refusals:  # noqa: N801 - reads as what it does: `with as_refusals():`
    """Convert exceptions of the block to Refused, except WebSocketDisconnect.

    A class instead of a generator because it wraps every message, and a generator costs more than most messages do.
    """

    def __enter__(self) -> None:
        return

    def __exit__(self, _kind: type[BaseException] | None, error: BaseException | None, _traceback: object) -> None:
        if error is None or not isinstance(error, Exception) or isinstance(error, (Refused, WebSocketDisconnect)):
            return
        if isinstance(error, VoicelabError):
            raise _refusal(error) from error
        logger.error("a turn failed with an unexpected exception", exc_info=error)
        raise Refused(ErrorCode.INTERNAL_ERROR, _INTERNAL_MESSAGE) from error


def http_refusal(error: Exception) -> HttpRefusal:
    """Return the refusal of an HTTP request for an exception: a code of docs/reference/protocol.md and a message."""
    refused = (
        error if isinstance(error, Refused) else _refusal(error) if isinstance(error, VoicelabError) else _INTERNAL
    )
    return HttpRefusal(_STATUS.get(refused.code, 500), refused.code, refused.message)


_INTERNAL_MESSAGE = "the server failed to handle this; see its log"
_INTERNAL = Refused(ErrorCode.INTERNAL_ERROR, _INTERNAL_MESSAGE)


def _refusal(error: VoicelabError) -> Refused:
    if isinstance(error, EngineError) and not isinstance(error, EngineBusyError):
        # An engine's message may quote an exception, which may quote a transcript.
        logger.warning("a turn failed: the engine %s", error.engine, extra={QUOTED: str(error)})
        return Refused(ErrorCode.ENGINE_FAILED, f"the engine {error.engine} failed in this turn; send it again")
    if code := next((code for kind, code in _CODES.items() if isinstance(error, kind)), None):
        return Refused(code, str(error))
    logger.error("a turn failed: %s", type(error).__name__, extra={QUOTED: str(error)})
    return Refused(ErrorCode.INTERNAL_ERROR, _INTERNAL_MESSAGE)
