"""Optional capabilities of an engine's streams."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable


@runtime_checkable
class PartialStream(Protocol):
    """A stream with intermediate results."""

    def partial(self) -> str:
        """Return the words so far, which may still change. Must not affect the result of `finish`."""


@runtime_checkable
class QueueingStream(Protocol):
    """A stream that may have to wait before `finish`, e.g. for a decoder in use."""

    def is_ready(self) -> bool:
        """Whether `finish` can start now. Requests what it needs, without waiting."""


@dataclass(frozen=True, slots=True)
class StreamProgress:
    """New parts of an answer since the last call, and its result once it is `done`."""

    parts: tuple[Any, ...] = ()
    result: Any = None
    done: bool = False


class AnswerStream(Protocol):
    """One answer of an agent, returned by agents with a `stream` method.

    `start` and `next` should return within about 0.1 s, with or without new parts, because closing the stream between
    two calls cancels the answer.
    """

    def start(self, *arguments: Any) -> StreamProgress: ...

    def next(self) -> StreamProgress: ...

    def close(self) -> None: ...


@runtime_checkable
class HoldingStream(Protocol):
    """An AnswerStream that can start before it is certain that its answer is needed."""

    def hold(self) -> None:
        """Defer everything that changes something until `release`. Called before `start`."""

    def release(self) -> None:
        """Run everything that was deferred."""


class RespondStream:
    """The AnswerStream of an engine without `stream`, whose `respond` returns an answer or a generator."""

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
