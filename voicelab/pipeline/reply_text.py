"""A reply while the agent writes it: complete sentences one by one, then the whole reply."""

import asyncio
from contextlib import suppress
from time import perf_counter

from voicelab.agent.base import Dialogue, Reply, ReplyPart, ToolCall, WatchlistChange
from voicelab.engines.pool.pool import EnginePool
from voicelab.engines.streams import StreamProgress
from voicelab.errors import EngineError
from voicelab.pipeline.spoken_text import Script


class ReplyText:
    """Calls the agent immediately. Always call `close`, which cancels an incomplete answer.

    reply: the whole reply, or None while it is written. first_s, text_s: seconds until the first sentence and until the
    complete text. clauses: see Script. is_held: the agent makes no changes until `release`.
    """

    def __init__(
        self, agent: EnginePool, heard: str, dialogue: Dialogue, *, clauses: bool = False, is_held: bool = False
    ) -> None:
        self.script = Script(clauses=clauses)
        self.reply: Reply | None = None
        self.first_s: float | None = None
        self.text_s: float | None = None
        self._agent = agent
        self._is_held = is_held
        self._stream = agent.stream()
        self._begun_s = perf_counter()
        self._spoken = 0
        self._calls: list[ToolCall] = []
        self._changes: list[WatchlistChange] = []
        self._changed = asyncio.Event()
        self._writing = asyncio.create_task(self._write(heard, dialogue))

    @property
    def is_waiting(self) -> bool:
        """Whether the next sentence is not complete yet."""
        return self._spoken == len(self.script.parts) and not self._writing.done()

    @property
    def is_spoken(self) -> bool:
        """Whether the reply is complete and `sentence` has returned all of it."""
        return self.reply is not None and self._spoken == len(self.script.parts)

    @property
    def so_far(self) -> Reply | None:
        """The reply so far; None before the agent has written or done anything."""
        if self.reply is not None:
            return self.reply
        if not (self.script.text or self._calls or self._changes):
            return None
        return Reply(self.script.text, "", changes=tuple(self._changes), tool_calls=tuple(self._calls))

    async def sentence(self) -> str | None:
        """Return the next sentence; None after the last. Raises EngineError if the agent fails."""
        while self.is_waiting:
            self._changed.clear()
            await self._changed.wait()
        if self._spoken < len(self.script.parts):
            self._spoken += 1
            return self.script.parts[self._spoken - 1]
        self._writing.result()
        return None

    async def whole(self) -> Reply:
        """Return the whole reply. Raises EngineError if the agent fails."""
        await self._writing
        assert self.reply is not None
        return self.reply

    async def release(self) -> None:
        """Allow a held agent to make changes."""
        if self._is_held and not self._writing.done():
            self._is_held = False
            # Errors of the agent are raised by `sentence`.
            with suppress(EngineError):
                await self._stream.call("release")

    async def close(self) -> None:
        """Cancel an incomplete answer, and release the agent's resources."""
        self._writing.cancel()
        # Errors of the agent were raised by `sentence`, or no longer matter.
        with suppress(asyncio.CancelledError, Exception):
            await self._writing
        await self._stream.close()

    async def _write(self, heard: str, dialogue: Dialogue) -> None:
        try:
            if self._is_held:
                await self._stream.post("hold")
            progress: StreamProgress = await self._stream.call("start", heard, dialogue)
            while not progress.done:
                self._take(progress.parts)
                progress = await self._stream.call("next")
            self._take(progress.parts)
            self._end(progress.result)
        finally:
            self._changed.set()

    def _take(self, parts: tuple[ReplyPart, ...]) -> None:
        for part in parts:
            if isinstance(part, str):
                self.script.write(part)
            elif isinstance(part, ToolCall):
                self._calls.append(part)
            else:
                self._changes.append(part)
        if self.script.parts and self.first_s is None:
            self.first_s = perf_counter() - self._begun_s
        self._changed.set()

    def _end(self, reply: Reply) -> None:
        if not reply.text.startswith(self.script.text):
            raise EngineError(self._agent.info.name, "the text of its reply differs from what it had written before")
        self.script.write(reply.text[len(self.script.text) :])
        self.script.end()
        self.text_s = perf_counter() - self._begun_s
        if self.first_s is None:
            self.first_s = self.text_s
        self.reply = reply
