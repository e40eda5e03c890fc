"""An event loop in a separate thread, whose requests can be cancelled at any time from any thread."""

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import Future
from contextlib import aclosing
from typing import Any, cast

from voicelab.agent.base import Dialogue, Reply, ReplyPart
from voicelab.engines.streams import StreamProgress
from voicelab.errors import EngineError, VoicelabError

_LOOK_S = 0.05


class LoopThread:
    """An event loop that runs until `close` or the end of the program."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=_run, args=(self._loop,), name="agent-openai-loop", daemon=True).start()

    def submit(self, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def call_soon(self, function: Callable[[], object]) -> None:
        self._loop.call_soon_threadsafe(function)

    def close(self, last: Callable[[], Coroutine[Any, Any, Any]]) -> None:
        """Run `last` and end the loop, without waiting for either."""
        ended = self.submit(last())
        ended.add_done_callback(lambda _: self._loop.call_soon_threadsafe(self._loop.stop))


def _run(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop. At its end, this cancels all tasks, such as replies that are no longer needed."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.get_loop().run_forever()


class LoopStream:
    """An AnswerStream and HoldingStream whose parts are produced in a LoopThread; the last one is the Reply.

    parts: produces them, from the user's words, the dialogue, and the event set by `release`; None without `hold`.
    """

    def __init__(
        self, loop: LoopThread, parts: Callable[[str, Dialogue, asyncio.Event | None], AsyncIterator[ReplyPart | Reply]]
    ) -> None:
        self._loop = loop
        self._parts = parts
        self._wanted: asyncio.Event | None = None
        self._came: queue.SimpleQueue[ReplyPart | Reply | VoicelabError] = queue.SimpleQueue()
        self._making: Future[None] | None = None

    def hold(self) -> None:
        self._wanted = asyncio.Event()

    def release(self) -> None:
        if self._wanted is not None:
            self._loop.call_soon(self._wanted.set)

    def start(self, heard: str, dialogue: Dialogue) -> StreamProgress:
        self._making = self._loop.submit(self._make(self._parts(heard, dialogue, self._wanted)))
        return self.next()

    def next(self) -> StreamProgress:
        """Return the arrived parts; wait for up to _LOOK_S. An EngineError is raised after all earlier parts."""
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
        except Exception as error:  # noqa: BLE001 - the caller that waits for the reply must get it
            self._came.put(EngineError("openai", f"{type(error).__name__}: {error}"))
