"""An event loop in a thread of its own: a request in it can be cancelled at any moment, from any thread."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, cast

from voicelab.agent.base import Reply, ReplyPart
from voicelab.engines.streams import StreamProgress
from voicelab.errors import EngineError, VoicelabError

_LOOK_S = 0.05


class LoopThread:
    """Runs until the program ends, or until `close`."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=_run, args=(self._loop,), name="agent-openai-loop", daemon=True)
        self._thread.start()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function in the loop."""
        self._loop.call_soon_threadsafe(function)

    def close(self, last: Coroutine[Any, Any, Any]) -> None:
        """Run `last`, then end the loop; waits for neither."""
        ended = self.submit(last)
        ended.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._loop.stop))


def _run(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(_cancel_rest())
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _cancel_rest() -> None:
    """Cancel the other tasks: an answer that nobody waits for any more may still be held."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


class LoopStream:
    """The AnswerStream of parts that are made in a LoopThread; the last of them is the Reply."""

    def __init__(self, loop: LoopThread) -> None:
        self._loop = loop
        self._came: queue.SimpleQueue[ReplyPart | Reply | VoicelabError] = queue.SimpleQueue()
        self._making: Future[None] | None = None

    def call_soon(self, function: Callable[[], object]) -> None:
        """Call a function in the loop that makes the parts."""
        self._loop.call_soon(function)

    def begin(self, parts: AsyncIterator[ReplyPart | Reply]) -> StreamProgress:
        self._making = self._loop.submit(self._make(parts))
        return self.next()

    def next(self) -> StreamProgress:
        """What has come; waits for something for _LOOK_S at most. Raises EngineError once all before it was taken."""
        parts: list[ReplyPart] = []
        try:
            found = self._came.get(timeout=_LOOK_S)
            while True:
                if isinstance(found, Reply):
                    return StreamProgress(tuple(parts), found, done=True)
                if isinstance(found, VoicelabError):
                    if not parts:
                        raise found
                    self._came.put(found)
                    break
                parts.append(found)
                found = self._came.get_nowait()
        except queue.Empty:
            pass
        return StreamProgress(tuple(parts))

    def close(self) -> None:
        if self._making is not None:
            self._making.cancel()

    async def _make(self, parts: AsyncIterator[ReplyPart | Reply]) -> None:
        try:
            async with aclosing(cast("Any", parts)) as made:
                async for part in made:
                    self._came.put(part)
        except VoicelabError as error:
            self._came.put(error)
        except Exception as error:  # noqa: BLE001 - who waits for the reply must hear of it
            self._came.put(EngineError("openai", f"{type(error).__name__}: {error}"))
