"""One WebSocket connection: reading, turns and sending."""

from server.session.connection import ANONYMOUS, CLIENT_LEFT, Connection

__all__ = ["ANONYMOUS", "CLIENT_LEFT", "Connection"]
