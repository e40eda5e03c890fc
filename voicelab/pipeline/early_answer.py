"""An answer that is begun before it is sure that the user has finished."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from voicelab.agent.base import Dialogue
from voicelab.pipeline.answer import TurnAnswer
from voicelab.pipeline.turn_events import SpokenReply, TurnEvent


class EarlyAnswer:
    """Begins at once, makes the answer up to its first sound, and waits there.

    Then iterate `go_on` once, or call `drop`. answer: a held one, so that the agent changes nothing before `go_on`.
    """

    def __init__(self, answer: TurnAnswer) -> None:
        self.answer = answer
        self._source = answer.events()
        self._made: asyncio.Queue[TurnEvent | None] = asyncio.Queue()
        self._making = asyncio.create_task(self._make())

    def fits(self, heard: str, dialogue: Dialogue) -> bool:
        """Whether it answers this text in this dialogue."""
        return (self.answer.heard, self.answer.dialogue) == (heard, dialogue)

    async def go_on(self) -> AsyncGenerator[TurnEvent, None]:
        """Yield what was made, then the rest. Raises EngineError, also for what failed before."""
        try:
            await self.answer.release()
            while (event := await self._made.get()) is not None:
                yield event
            self._making.result()
            async for event in self._source:
                yield event
        finally:
            await self.drop()

    async def drop(self) -> None:
        """Cancel the answer, and free what the engines hold for it."""
        self._making.cancel()
        # What the agent failed with concerns nobody any more.
        with suppress(asyncio.CancelledError, Exception):
            await self._making
        await self._source.aclose()

    async def _make(self) -> None:
        try:
            async for event in self._source:
                self._made.put_nowait(event)
                if isinstance(event, SpokenReply):
                    return
        finally:
            self._made.put_nowait(None)
