"""An answer that is started before it is certain that the user has finished."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import suppress

from voicelab.agent.base import Dialogue
from voicelab.pipeline.answer import TurnAnswer
from voicelab.pipeline.turn_events import SpokenReply, TurnEvent


class EarlyAnswer:
    """Starts immediately, prepares the answer up to its first audio, and waits.

    Then iterate `go_on` once, or call `drop`. answer: a held one, so that the agent makes no changes before `go_on`.
    """

    def __init__(self, answer: TurnAnswer) -> None:
        self.answer = answer
        self._source = answer.events()
        self._made: asyncio.Queue[TurnEvent | None] = asyncio.Queue()
        self._making = asyncio.create_task(self._make())

    def fits(self, heard: str, dialogue: Dialogue) -> bool:
        """Return whether this is the answer to this text in this dialogue."""
        return (self.answer.heard, self.answer.dialogue) == (heard, dialogue)

    async def go_on(self) -> AsyncGenerator[TurnEvent, None]:
        """Yield the prepared events, then the rest. Raises EngineError, also for earlier failures."""
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
        """Cancel the answer, and release the engines' resources."""
        self._making.cancel()
        # Errors of the agent no longer matter.
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
