"""What has been heard so far, told while the client still speaks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter

from voicelab.errors import EngineError
from voicelab.pipeline.turn import Turn

_EVERY_S = 0.2
"""Words do not come faster, and each question takes a little of the recognizer's time."""


class Partials:
    """Asks one turn's recognizer after new sound, one question at a time, and tells what has changed.

    note: hears every answer, changed or not.
    """

    def __init__(
        self, turn: Turn, tell: Callable[[str], Awaitable[None]], note: Callable[[str], None] | None = None
    ) -> None:
        self._turn = turn
        self._tell = tell
        self._note = note
        self._told = ""
        self._can_tell = True
        self._asked_s = 0.0
        self._asking: asyncio.Task[None] | None = None

    def sound_came(self) -> None:
        """Ask, unless an answer is still awaited or has only just come."""
        is_asking = self._asking is not None and not self._asking.done()
        if self._can_tell and not is_asking and perf_counter() - self._asked_s > _EVERY_S:
            self._asked_s = perf_counter()
            self._asking = asyncio.create_task(self._ask())

    async def stop(self) -> None:
        """Nothing is told once this has returned."""
        if self._asking is not None:
            self._asking.cancel()
            await asyncio.wait({self._asking})

    async def _ask(self) -> None:
        # A recognizer that fails here fails at the end of the turn too, and is told there.
        with suppress(EngineError):
            text = await self._turn.partial()
            self._can_tell = text is not None
            if text is not None and self._note is not None:
                self._note(text)
            if text and text != self._told:
                self._told = text
                await self._tell(text)
