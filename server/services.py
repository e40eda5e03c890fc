"""What every connection shares: the loaded engines, the history, and what watches over them."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import Any, Protocol

from server.history import History, HistoryUnavailableError, TurnRecord
from server.history.retention import keep_removing
from server.history.store import HistoryLimits
from server.messages import ErrorCode
from server.metrics import ANSWERED, Metrics
from server.open_sessions import OpenSessions
from server.pools import Pools, open_pools
from server.settings import Settings
from server.tokens import Tokens
from server.tracing import Tracer
from server.vad_batcher import VadBatcher
from voicelab.engines.spec import EngineInfo
from voicelab.pipeline.turn import Pipeline
from voicelab.tts.default import fallback_notice

logger = logging.getLogger(__name__)


_NOT_KEPT = (ErrorCode.HISTORY_UNAVAILABLE, ErrorCode.SESSION_FULL)
_LOOK_AGAIN_S = 0.02
_SAMPLE_S = 1.0


class Guest(Protocol):
    """What the end of the server needs to know of a connection. busy: it should not be cut off now."""

    @property
    def busy(self) -> bool: ...


@dataclass(slots=True)
class Services:
    """Opened once, when the server starts.

    ears: what finds speech in a continuous stream; None where the server takes none.
    connections: every open WebSocket with the task that serves it. draining: set when no new turn may begin.
    leaving: the connections that need not be cut off for that, for they were or they close by themselves.
    """

    settings: Settings
    pipeline: Pipeline
    history: History
    tokens: Tokens
    vad_batcher: VadBatcher | None
    pools: Pools
    tracer: Tracer | None = None
    metrics: Metrics = field(default_factory=Metrics)
    open_sessions: OpenSessions = field(default_factory=OpenSessions)
    connections: dict[Guest, asyncio.Task[Any]] = field(default_factory=dict)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    leaving: set[Guest] = field(default_factory=set)

    @property
    def active_connections(self) -> int:
        """How many WebSockets are open now."""
        return len(self.connections)

    async def keep(self, session_id: str, user_id: str, turn: TurnRecord) -> None:
        """Record a turn that is over, once, for the history and for whoever watches the server.

        Who asks may be cut off meanwhile: what was begun is written all the same, and not written again as a failure.
        """
        if not turn.kept:
            turn.kept = True
            as_it_is = replace(turn)
            try:
                turn.row_id = await asyncio.shield(asyncio.create_task(self._keep(session_id, user_id, as_it_is)))
            except Exception:
                turn.kept = False
                raise

    async def _keep(self, session_id: str, user_id: str, turn: TurnRecord) -> int | None:
        row_id = None
        try:
            # A turn that failed because the history did would only have to wait for it again.
            if turn.error not in _NOT_KEPT:
                row_id = await self.history.record(session_id, user_id, turn)
        except HistoryUnavailableError as error:
            # The client of a failed turn should hear why that failed, not that this could not be kept.
            if turn.error is None:
                raise
            logger.warning("a turn that failed with %s could not be kept: %s", turn.error, error)
        self.metrics.turn_ended(turn)
        if self.tracer is not None:
            self.tracer.turn_ended(session_id, turn)
        told: dict[str, Any] = {"session_id": session_id, "turn_id": turn.turn_id, "outcome": turn.error or ANSWERED}
        if self.settings.log_transcripts:
            told |= {"heard": turn.heard, "reply": turn.reply.text if turn.reply else None}
        logger.info(_turn_line(turn, told), extra=told)
        return row_id

    async def end_session(self, session_id: str) -> None:
        """Note that a session's connection has closed; a history that cannot be reached is no fault of the client's."""
        try:
            await self.history.end_session(session_id)
        except HistoryUnavailableError as error:
            logger.warning("the end of session %s could not be kept: %s", session_id, error)

    async def drain(self, turns_end_s: float) -> None:
        """Let no turn begin any more, and send every connection away: at once, or when its turn is over.

        Returns when all have left. turns_end_s: when, by the event loop's clock, the turns that still run are cut off.
        """
        loop = asyncio.get_running_loop()
        self.draining.set()
        while self.connections:
            for guest, task in self.connections.items():
                if guest not in self.leaving and (not guest.busy or loop.time() >= turns_end_s):
                    self.leaving.add(guest)
                    task.cancel()
            await asyncio.sleep(_LOOK_AGAIN_S)

    def sample(self) -> None:
        """Bring the metrics up to date that nobody announces."""
        self.metrics.sample(self.active_connections, self.pipeline.hosts)
        self.metrics.sample_history(self.history.failures)
        self.metrics.sample_pools((*self.pools, self.pipeline.turn_ends))

    async def keep_sampling(self) -> None:
        """For pages that another worker process makes."""
        while True:
            self.sample()
            await asyncio.sleep(_SAMPLE_S)


@asynccontextmanager
async def open_services(settings: Settings, tokens: Tokens) -> AsyncIterator[Services]:
    """Open the history and load the engines, each with a line in the log; close them at the end."""
    vad_batcher = VadBatcher.named(settings.vad)
    tracer = Tracer.from_environment()
    limits = HistoryLimits(settings.agent_exchanges, settings.max_session_turns, settings.history_timeout_s)
    history = await History.open(settings.database_url, limits)
    try:
        pipeline = await Pipeline.open(
            settings.asr, settings.agent, settings.tts,
            asr_workers=settings.asr_workers, engine_limit_s=settings.engine_timeout_s,
            engine_wait_s=settings.engine_wait_s, encoder_in="process",
        )  # fmt: skip
        try:
            for engine in pipeline.engines:
                logger.info(_loaded(engine))
            if notice := fallback_notice(settings.tts):
                logger.warning(notice)
            with open_pools(settings.pool_threads, settings.pool_queue) as pools:
                services = Services(settings, pipeline, history, tokens, vad_batcher, pools, tracer)
                tasks = [asyncio.create_task(services.keep_sampling())]
                if settings.history_days is not None:
                    tasks.append(asyncio.create_task(keep_removing(history, settings.history_days)))
                try:
                    yield services
                finally:
                    for task in tasks:
                        task.cancel()
        finally:
            await pipeline.close()
    finally:
        await history.close()
        if vad_batcher is not None:
            vad_batcher.close()
        if tracer is not None:
            await asyncio.to_thread(tracer.close)


def _turn_line(turn: TurnRecord, told: dict[str, Any]) -> str:
    words = f": {told['heard']!r} -> {told['reply']!r}" if "heard" in told else ""
    took_s = (time.time_ns() - turn.began_ns) / 1e9
    return f"{turn.kind} turn {told['outcome']} after {took_s:.2f} s in session {told['session_id']}{words}"


def _loaded(engine: EngineInfo) -> str:
    kind = "Agent" if engine.kind == "agent" else engine.kind.upper()
    lanes = f", {engine.lanes} workers" if engine.lanes > 1 else ""
    if engine.name == "sensevoice":
        return f"SenseVoice model loaded successfully on {engine.device} in {engine.load_s:.1f} s ({engine.revision})"
    note = f"; {engine.note}" if engine.note else ""
    return f"{kind} {engine.name} loaded in {engine.load_s:.1f} s on {engine.device}{lanes} ({engine.revision}){note}"


def version() -> str:
    """The version of the installed package; "not installed" when it runs from a folder without one."""
    try:
        return metadata.version("voicelab")
    except metadata.PackageNotFoundError:
        return "not installed"
