"""What streams of an engine may offer beside their results."""

from __future__ import annotations

from typing import Protocol, runtime_checkable


@runtime_checkable
class PartialStream(Protocol):
    """A stream that can say what it has heard so far; `partial` is its own, for streams that can."""

    def partial(self) -> str:
        """The words so far, which may still change; must not change what `finish` gives."""


@runtime_checkable
class QueueingStream(Protocol):
    """A stream that may have to wait for something before it can finish, such as a decoder that others use."""

    def is_ready(self) -> bool:
        """Whether `finish` can begin now. Asks for what it needs, and does not wait."""
