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
    connections = [connection for connection in services.connections if isinstance(connection, Connection)]
    cookies: dict[str, str] = {}
    for connection in connections:
        token, user = presented(connection.websocket), user_of(connection.websocket)
        cookie = sign_in.cookie_of(connection.websocket)
        if token is not None:
            if services.tokens.user_of(token) != user:
                connection.withdraw()
        elif cookie is not None and user is not None:
            cookies[cookie] = user
    if not cookies:
        return
    users = await services.history.sign_ins.users_of(cookies, services.tokens)
    for connection in connections:
        cookie = sign_in.cookie_of(connection.websocket)
        if presented(connection.websocket) is None and cookie in cookies and users.get(cookie) != cookies[cookie]:
            connection.withdraw()
