"""The client on whose behalf engines are called, so that no client delays the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_current: ContextVar[str | None] = ContextVar("client", default=None)


def current_client() -> str | None:
    """Return the client of the running task; None outside of `client_scope`."""
    return _current.get()


@contextmanager
def client_scope(client: str | None) -> Iterator[None]:
    """Attribute the engine calls of the block, and of the tasks that it starts, to this client."""
    token = _current.set(client)
    try:
        yield
    finally:
        _current.reset(token)
