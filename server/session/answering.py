"""One turn from the end of its request to the end of its reply, in a task that can be stopped at any moment."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import asdict, replace
from time import perf_counter
from typing import Any, Literal

from server.faults import as_refusals
from server.history import INTERRUPTED, TurnRecord
from server.messages import ChangeView, EntityView, ToolCallView, UsageView
from server.outgoing import AgentResponse, ReplyChunk, Transcription, TurnMetrics
from server.services import Services
from server.session.config import SessionConfig
from server.session.sender import PlaybackPacer, Sender
from voicelab.pipeline.turn import AgentAnswer, Recognition, SpokenReply, Turn, TurnEvent


class Answering:
    """Sends a turn's events as they come about. The turn is kept once: whole with its changes, or as far as it got.

    said: what was heard of the reply, once it was stopped.
    """

    def __init__(
        self,
        turn_id: str,
        turn: Turn,
        events: AsyncGenerator[TurnEvent, None],
        record: TurnRecord,
        *,
        config: SessionConfig,
        sender: Sender,
        services: Services,
    ) -> None:
        self.turn_id = turn_id
        self.said = ""
        self._turn = turn
        self._record = record
        self._config = config
        self._about: dict[str, Any] = {"session_id": config.session_id, "turn_id": config.shown(turn_id)}
        self._sender = sender
        self._services = services
        self._pace = PlaybackPacer(config.lead_s)
        self._keeping: asyncio.Task[None] | None = None
        self.task = asyncio.create_task(self._run(events))

    async def _run(self, events: AsyncGenerator[TurnEvent, None]) -> None:
        """Raises Refused when the turn fails, WebSocketDisconnect when its client is gone."""
        with as_refusals():
            # Closed here and now: what a stopped turn was made with is not left for the garbage collector.
            async with aclosing(events):
                async for event in events:
                    await self._pass_on(event)

    async def halt(self) -> None:
        """Let nothing more of it leave; what becomes of it is for `stop`."""
        self.task.cancel()
        await asyncio.wait({self.task})

    async def stop(self, code: str, heard_s: float | None = None) -> float:
        """End it now and keep it, with what was heard of the reply, as a turn of that error code.

        A turn that is being kept as answered stays so. heard_s: how much was heard, where that is not for the clock to
        say. Returns the instant after which nothing of it could leave.
        """
        self.said = self._turn.said(self.heard_s(perf_counter()) if heard_s is None else heard_s)
        await self.halt()
        stopped_s = perf_counter()
        if self._keeping is None and (self.task.cancelled() or self.task.exception() is not None):
            # The agent may still be writing: what it did until now is kept, and what was heard of its text.
            reply = self._record.reply or self._turn.reply_so_far
            if reply is not None:
                self._record.reply = replace(reply, text=self.said)
            self._begin_keeping(code)
        if self._keeping is not None:
            # Shielded: whoever stops a turn may be cut off too, and the next to stop it waits for the same.
            await asyncio.shield(self._keeping)
        await self._turn.close()
        return stopped_s

    async def interrupt(self, heard_s: float) -> float:
        """`stop` a reply of which so much was heard, also when it has been sent whole: no more of it is remembered."""
        stopped_s = await self.stop(INTERRUPTED, heard_s)
        if self._record.error is None:
            await self._services.history.shorten_answer(self._record, self.said)
        return stopped_s

    def heard_s(self, at_s: float, played_s: float | None = None) -> float:
        """How much of the reply had been heard at that instant; played_s: what the client says, who knows better."""
        return min(self._pace.heard_s(at_s) if played_s is None else played_s, self._pace.sent_s)

    def is_over(self, heard_s: float) -> bool:
        """Whether it has been sent whole, and so much is all of it."""
        return self.task.done() and heard_s >= self._pace.sent_s

    @property
    def sounds_until_s(self) -> float:
        """When, by the performance counter, the client has heard all that was sent, if it plays it as it comes."""
        return self._pace.until_s

    @property
    def changes(self) -> Literal["done", "cancelled"] | None:
        """What became of the changes that the reply promised, once it was stopped; None when it promised none."""
        if self._record.reply is None or not self._record.reply.changes:
            return None
        return "cancelled" if self._record.error else "done"

    async def _pass_on(self, event: TurnEvent) -> None:
        match event:
            case Recognition(transcript):
                self._record.heard = transcript.text
                await self._sender.send(Transcription(text=transcript.text, **self._about))
            case AgentAnswer(_, reply):
                self._record.reply = reply
                entities = [EntityView.model_validate(entity) for entity in reply.entities]
                await self._sender.send(
                    AgentResponse(text=reply.text, intent=reply.intent, entities=entities, **self._about)
                )
            case SpokenReply(data, last, starts_s, ends_s):
                await self._pace.wait(starts_s)
                if last:
                    await self._complete(len(data))
                await self._sender.send(self._reply_chunk(data, last=last))
                self._pace.left(ends_s)
                self._record.audio_bytes_out += 0 if last else len(data)

    async def _complete(self, last_bytes: int) -> None:
        """What comes before the final chunk: the turn is on disk, and who asked for its times has them."""
        self._record.audio_bytes_out += last_bytes
        # Shielded: an interrupt in the middle of the transaction could not tell whether it was carried out.
        await asyncio.shield(self._begin_keeping(None))
        await self._turn.close()
        if self._config.metrics:
            assert self._record.reply is not None
            reply = self._record.reply
            metrics = TurnMetrics(
                **asdict(self._record.times),
                candidates=[EntityView.model_validate(entity) for entity in reply.candidates],
                tool_calls=[ToolCallView.model_validate(call) for call in reply.tool_calls],
                changes=[ChangeView.model_validate(change) for change in reply.changes],
                usage=UsageView.model_validate(reply.usage) if reply.usage is not None else None,
                **self._about,
            )
            await self._sender.send(metrics)

    def _begin_keeping(self, error: str | None) -> asyncio.Task[None]:
        self._record.error = error
        keep = self._services.keep(self._config.session_id, self._config.user_id, self._record)
        self._keeping = asyncio.create_task(keep)
        return self._keeping

    def _reply_chunk(self, data: bytes, *, last: bool) -> ReplyChunk:
        text = base64.b64encode(data).decode("ascii")
        return ReplyChunk(audio_chunk=text, format=self._config.reply_format, is_final=last, **self._about)
