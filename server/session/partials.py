"""Partial transcripts during an utterance."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from time import perf_counter

from voicelab.errors import EngineError
from voicelab.pipeline.turn import Turn
from voicelab.vad.endpoint import Endpointer

_EVERY_S = 0.1
"""Minimum interval between requests. Words do not arrive faster, and each request costs recognizer time."""


class Partials:
    """Request partial transcripts of one turn, one at a time, and send those that changed.

    send: called with each changed transcript. endpointer: gets every transcript.
    """

    def __init__(self, turn: Turn, send: Callable[[str], Awaitable[None]], endpointer: Endpointer | None) -> None:
        self._turn = turn
        self._send = send
        self._endpointer = endpointer
        self._sent = ""
        self._is_supported = True
        self._asked_s = 0.0
        self._pending: asyncio.Task[None] | None = None

    def update(self) -> None:
        """Request a partial transcript after new audio, unless one is pending or was requested just before.

        The words before a pause are requested at once.
        """
        if not self._is_supported or (self._pending is not None and not self._pending.done()):
            return
        is_urgent = self._endpointer is not None and self._endpointer.wants_words
        if is_urgent or perf_counter() - self._asked_s > _EVERY_S:
            self._asked_s = perf_counter()
            self._pending = asyncio.create_task(self._request())

    async def stop(self) -> None:
        """Stop. Nothing is sent after this returns."""
        if self._pending is not None:
            self._pending.cancel()
            await asyncio.wait({self._pending})

    async def _request(self) -> None:
        # A recognizer that fails here also fails at the end of the turn, where the error is reported.
        with suppress(EngineError):
            requested_at = 0 if self._endpointer is None else self._endpointer.position
            text = await self._turn.partial()
            self._is_supported = text is not None
            if text is not None and self._endpointer is not None:
                self._endpointer.note_partial(text, requested_at)
            if text and text != self._sent:
                self._sent = text
                await self._send(text)
