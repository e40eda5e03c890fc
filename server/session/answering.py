"""One turn from the end of the request to the end of the reply, in a task that can be stopped at any time."""

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from time import perf_counter
from typing import Literal

from server.faults import as_refusals
from server.history import INTERRUPTED
from server.outgoing import AgentResponse, ReplyChunk, Transcription, TurnMetrics
from server.session.listening import UtteranceReceiver
from server.session.sender import PlaybackPacer
from voicelab.pipeline.turn_events import AgentAnswer, Recognition, SpokenReply, TurnEvent


class Answering:
    """Send the events of a turn as they arise, and store the turn once: complete with its changes, or as far as it got.

    received: the utterance, whose turn is open. events: of its answer. said: the part of the reply that the user heard,
    set when the reply is stopped.
    """

    def __init__(self, received: UtteranceReceiver, events: AsyncGenerator[TurnEvent, None]) -> None:
        assert received.turn is not None
        self.turn_id = received.turn_id
        self.said = ""
        self._turn = received.turn
        self._record = received.record
        self._session = session = received.session
        self._about = session.about(self.turn_id)
        self._pace = PlaybackPacer(session.lead_s)
        self._storing: asyncio.Task[None] | None = None
        self.task = asyncio.create_task(session.services.loop_share.timed(self._run(events)))

    async def _run(self, events: AsyncGenerator[TurnEvent, None]) -> None:
        """Raises Refused when the turn fails, WebSocketDisconnect when the client has disconnected."""
        with as_refusals():
            # aclosing releases the engines' streams of a stopped turn at once, not at garbage collection.
            async with aclosing(events):
                async for event in events:
                    await self._pass_on(event)

    async def halt(self) -> None:
        """Stop sending. `stop` then stores the turn."""
        self.task.cancel()
        await asyncio.wait({self.task})

    async def stop(self, code: str, heard_s: float | None = None) -> float:
        """Stop the turn and store it with this error code and the part of the reply that was heard.

        A turn that is already being stored as answered remains answered. heard_s: seconds of the reply that were heard;
        None estimates them. Returns the time (performance counter) at which sending stopped.
        """
        self.said = self._turn.played_text(self.heard_s(perf_counter()) if heard_s is None else heard_s)
        await self.halt()
        stopped_s = perf_counter()
        if self._storing is None and (self.task.cancelled() or self.task.exception() is not None):
            # The agent may still be writing. Its actions so far are stored, with the part of its text that was played.
            reply = self._record.reply or self._turn.reply_so_far
            if reply is not None:
                self._record.reply = replace(reply, text=self.said)
            self._start_storing(code)
        if self._storing is not None:
            # Shielded: if the caller is cancelled, the write continues, and the next call waits for it.
            await asyncio.shield(self._storing)
        await self._turn.close()
        return stopped_s

    async def interrupt(self, heard_s: float) -> float:
        """Stop a reply of which `heard_s` seconds were heard. Shortens the stored answer of a reply already sent."""
        stopped_s = await self.stop(INTERRUPTED, heard_s)
        if self._record.error is None:
            await self._session.services.history.shorten_answer(self._record, self.said)
        return stopped_s

    def heard_s(self, at_s: float, played_s: float | None = None) -> float:
        """Return the seconds of the reply that were heard at `at_s`. played_s: the client's own value."""
        return min(self._pace.heard_s(at_s) if played_s is None else played_s, self._pace.sent_s)

    def is_over(self, heard_s: float) -> bool:
        """Return whether the reply was sent completely and `heard_s` covers all of it."""
        return self.task.done() and heard_s >= self._pace.sent_s

    @property
    def sounds_until_s(self) -> float:
        """Time (performance counter) at which the client has played everything sent, if it plays without pauses."""
        return self._pace.until_s

    @property
    def changes(self) -> Literal["done", "cancelled"] | None:
        """Whether the watchlist changes of a stopped reply were made; None when it had none."""
        if self._record.reply is None or not self._record.reply.changes:
            return None
        return "cancelled" if self._record.error else "done"

    async def _pass_on(self, event: TurnEvent) -> None:
        match event:
            case Recognition(transcript):
                self._record.heard = transcript.text
                await self._session.sender.send(Transcription(text=transcript.text, **self._about))
            case AgentAnswer(_, reply):
                self._record.reply = reply
                await self._session.sender.send(
                    AgentResponse(text=reply.text, intent=reply.intent, entities=reply.entities, **self._about)
                )
            case SpokenReply(data, last, starts_s, ends_s):
                await self._pace.wait(starts_s)
                if last:
                    await self._complete(len(data))
                text, form = base64.b64encode(data).decode("ascii"), self._session.options.audio_format
                await self._session.sender.send(ReplyChunk(audio_chunk=text, format=form, is_final=last, **self._about))
                self._pace.left(ends_s)
                self._record.audio_bytes_out += 0 if last else len(data)

    async def _complete(self, last_bytes: int) -> None:
        """Store the turn, and send `turn_metrics` if requested, before the final chunk."""
        self._record.audio_bytes_out += last_bytes
        # Shielded: an interrupt during the transaction could not know whether it was committed.
        await asyncio.shield(self._start_storing(None))
        await self._turn.close()
        if "turn_metrics" in self._session.options.events:
            assert self._record.reply is not None
            reply = self._record.reply
            metrics = TurnMetrics(
                **self._record.times.model_dump(),
                candidates=reply.candidates,
                tool_calls=reply.tool_calls,
                changes=reply.changes,
                usage=reply.usage,
                **self._about,
            )
            await self._session.sender.send(metrics)

    def _start_storing(self, error: str | None) -> asyncio.Task[None]:
        self._record.error = error
        self._storing = asyncio.create_task(self._session.keep(self._record))
        return self._storing
