"""What streams of an engine may offer beside their results."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


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


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """What an answer has gained since the last look: its new parts, and once it is `done` its result."""

    parts: tuple[Any, ...] = ()
    result: Any = None
    done: bool = False


class AnswerStream(Protocol):
    """One answer that an agent writes. An agent with a `stream` method returns these.

    `start` and `next` return within about 0.1 s where they can, with nothing new if need be: between two calls the
    stream can be closed, which cancels the answer.
    """

    def start(self, *arguments: Any) -> StreamProgress: ...

    def next(self) -> StreamProgress: ...

    def close(self) -> None: ...


class RespondStream:
    """The AnswerStream of an engine that only has `respond`, which returns its answer or a generator."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine
        self._writer: Generator[Any, None, Any] | None = None

    def start(self, *arguments: Any) -> StreamProgress:
        answer = self._engine.respond(*arguments)
        if not isinstance(answer, Generator):
            return StreamProgress(result=answer, done=True)
        self._writer = answer
        return self.next()

    def next(self) -> StreamProgress:
        assert self._writer is not None, "start comes first"
        try:
            return StreamProgress((next(self._writer),))
        except StopIteration as end:
            return StreamProgress(result=end.value, done=True)

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
