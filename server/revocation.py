"""Close WebSockets whose token was withdrawn or whose user signed out on the page."""

import asyncio
import logging

from server import sign_in
from server.gate import user_of
from server.history import HistoryUnavailableError
from server.services import Services
from server.session.connection import Connection
from server.tokens import presented

logger = logging.getLogger(__name__)
_CHECK_S = 1.0


async def keep_revoking(services: Services) -> None:
    """Check every open WebSocket once a second. Returns at once when the server does not require tokens."""
    while services.tokens:
        await asyncio.sleep(_CHECK_S)
        try:
            await _revoke(services)
        except HistoryUnavailableError as error:
            logger.warning("sign-ins could not be checked: %s", error)


async def _revoke(services: Services) -> None:
    """Withdraw the connections whose token or sign-in is no longer valid for their user.

    Sign-ins are looked up in the database, because another worker process may have ended them.
    """
    signed_in: list[tuple[Connection, str]] = []
    for connection in services.connections:
        token, cookie = presented(connection.websocket), sign_in.cookie_of(connection.websocket)
        if token is not None:
            if services.tokens.user_of(token) != user_of(connection.websocket):
                connection.withdraw()
        elif cookie is not None:
            signed_in.append((connection, cookie))
    if not signed_in:
        return
    users = await services.history.sign_ins.users_of({cookie for _, cookie in signed_in}, services.tokens)
    for connection, cookie in signed_in:
        if users.get(cookie) != user_of(connection.websocket):
            connection.withdraw()
