"""One connection: what is read, what is made of it, what goes out, each in a file of its own."""

from server.session.connection import ANONYMOUS, Connection

__all__ = ["ANONYMOUS", "Connection"]
