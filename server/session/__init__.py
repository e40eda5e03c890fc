"""One connection: what is read, what is made of it, what goes out, each in a file of its own."""

from server.session.connection import ANONYMOUS, CLIENT_LEFT, Connection

__all__ = ["ANONYMOUS", "CLIENT_LEFT", "Connection"]
