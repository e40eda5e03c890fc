"""State shared by all connections: engines, history, metrics and open connections."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import metadata
from typing import TYPE_CHECKING, Any

from server.clients import OpenCounts
from server.history import History, HistoryUnavailableError, TurnRecord
from server.history.retention import keep_removing
from server.history.store import HistoryLimits
from server.loop_share import LoopShare
from server.messages import ErrorCode
from server.metrics import ANSWERED, Metrics
from server.pools import Pools, open_pools
from server.settings import Settings
from server.tokens import Tokens
from server.tracing import Tracer
from server.vad_batcher import VadBatcher
from voicelab.engines.spec import EngineInfo
from voicelab.pipeline.pipeline import Pipeline
from voicelab.tts.default import fallback_notice

if TYPE_CHECKING:
    from server.session.connection import Connection

logger = logging.getLogger(__name__)


_NOT_KEPT = (ErrorCode.HISTORY_UNAVAILABLE, ErrorCode.SESSION_FULL)
_LOOK_AGAIN_S = 0.02
_SAMPLE_S = 1.0


@dataclass(slots=True)
class Services:
    """Shared state, opened once when the server starts.

    vad_batcher: voice activity detection for continuous mode; None if the server does not offer that mode.
    open_sessions: number of connections per session, which ends when its last connection closes. connections: every
    open WebSocket with the task that serves it. draining: set when no new turn may start. leaving: connections that are
    closing and must not be cancelled again.
    """

    settings: Settings
    pipeline: Pipeline
    history: History
    tokens: Tokens
    vad_batcher: VadBatcher | None
    pools: Pools
    loop_share: LoopShare
    tracer: Tracer | None = None
    metrics: Metrics = field(default_factory=Metrics)
    open_sessions: OpenCounts = field(default_factory=OpenCounts)
    connections: dict["Connection", asyncio.Task[Any]] = field(default_factory=dict)
    draining: asyncio.Event = field(default_factory=asyncio.Event)
    leaving: set["Connection"] = field(default_factory=set)

    @property
    def active_connections(self) -> int:
        """Number of open WebSockets."""
        return len(self.connections)

    async def keep(self, session_id: str, user_id: str, turn: TurnRecord) -> None:
        """Record a completed turn once, in the history, the metrics, the traces and the log.

        If the caller is cancelled, the write still completes, and the turn is not written again as a failed one.
        """
        if not turn.kept:
            turn.kept = True
            as_it_is = replace(turn)
            try:
                keeping = self.loop_share.timed(self._keep(session_id, user_id, as_it_is))
                turn.row_id = await asyncio.shield(asyncio.create_task(keeping))
            except Exception:
                turn.kept = False
                raise

    async def _keep(self, session_id: str, user_id: str, turn: TurnRecord) -> int | None:
        row_id = None
        try:
            # If the history made the turn fail, writing to it would only wait again.
            if turn.error not in _NOT_KEPT:
                row_id = await self.history.record(session_id, user_id, turn)
        except HistoryUnavailableError as error:
            # The client of a failed turn gets that turn's error, not the history's.
            if turn.error is None:
                raise
            logger.warning("a turn that failed with %s could not be stored: %s", turn.error, error)
        self.metrics.turn_ended(turn)
        if self.tracer is not None:
            self.tracer.turn_ended(session_id, turn)
        fields: dict[str, Any] = {"session_id": session_id, "turn_id": turn.turn_id, "outcome": turn.error or ANSWERED}
        if self.settings.log_transcripts:
            fields |= {"heard": turn.heard, "reply": turn.reply.text if turn.reply else None}
        logger.info(_turn_line(turn, fields), extra=fields)
        return row_id

    async def end_session(self, session_id: str) -> None:
        """Store that the session's last connection has closed. If the history is unavailable, only log a warning."""
        try:
            await self.history.end_session(session_id)
        except HistoryUnavailableError as error:
            logger.warning("the end of session %s could not be stored: %s", session_id, error)

    async def drain(self, turns_end_s: float) -> None:
        """Refuse new turns and close every connection, after its current turn if it has one.

        Returns when all are closed. turns_end_s: event-loop time at which running turns are cancelled.
        """
        loop = asyncio.get_running_loop()
        self.draining.set()
        while self.connections:
            for connection, task in self.connections.items():
                if connection not in self.leaving and (not connection.busy or loop.time() >= turns_end_s):
                    self.leaving.add(connection)
                    task.cancel()
            await asyncio.sleep(_LOOK_AGAIN_S)

    def sample(self) -> None:
        """Update the gauges."""
        pools = (*self.pools, self.pipeline.turn_ends)
        self.metrics.sample(self.active_connections, self.pipeline.hosts, pools, self.history.database.failures)

    async def keep_sampling(self) -> None:
        """Update the gauges regularly, because another worker process may answer the scrape."""
        while True:
            self.sample()
            await asyncio.sleep(_SAMPLE_S)


@asynccontextmanager
async def open_services(settings: Settings, tokens: Tokens, share: LoopShare) -> AsyncIterator[Services]:
    """Open the history and load the engines, logging each; close them on exit."""
    vad_batcher = VadBatcher.named(settings.vad, settings.turn_end)
    tracer = Tracer.from_environment()
    limits = HistoryLimits(settings.agent_exchanges, settings.max_session_turns, settings.history_timeout_s)
    async with AsyncExitStack() as stack:
        if tracer is not None:
            stack.push_async_callback(asyncio.to_thread, tracer.close)
        if vad_batcher is not None:
            stack.callback(vad_batcher.close)
        history = await History.open(settings.database_url, limits)
        stack.push_async_callback(history.close)
        pipeline = await Pipeline.open(
            settings.asr, settings.agent, settings.tts,
            asr_workers=settings.asr_workers, engine_limit_s=settings.engine_timeout_s,
            engine_wait_s=settings.engine_wait_s, encoder_in="process",
        )  # fmt: skip
        stack.push_async_callback(pipeline.close)
        for engine in pipeline.engines:
            logger.info(_loaded(engine))
        if notice := fallback_notice(settings.tts):
            logger.warning(notice)
        pools = stack.enter_context(open_pools(settings.pool_threads, settings.pool_queue))
        history.database.account_to(share.add_thread)
        for pool in pools:
            pool.account = share.add_thread
        services = Services(settings, pipeline, history, tokens, vad_batcher, pools, share, tracer)
        stack.callback(asyncio.create_task(services.keep_sampling()).cancel)
        if settings.history_days is not None:
            stack.callback(asyncio.create_task(keep_removing(history, settings.history_days)).cancel)
        yield services


def _turn_line(turn: TurnRecord, fields: dict[str, Any]) -> str:
    words = f": {fields['heard']!r} -> {fields['reply']!r}" if "heard" in fields else ""
    took_s = (time.time_ns() - turn.began_ns) / 1e9
    return f"{turn.kind} turn {fields['outcome']} after {took_s:.2f} s in session {fields['session_id']}{words}"


def _loaded(engine: EngineInfo) -> str:
    kind = "Agent" if engine.kind == "agent" else engine.kind.upper()
    workers = f", {engine.lanes} workers" if engine.lanes > 1 else ""
    if engine.name == "sensevoice":
        return f"SenseVoice model loaded successfully on {engine.device} in {engine.load_s:.1f} s ({engine.revision})"
    note = f"; {engine.note}" if engine.note else ""
    return f"{kind} {engine.name} loaded in {engine.load_s:.1f} s on {engine.device}{workers} ({engine.revision}){note}"


def version() -> str:
    """Return the version of the installed package, or "not installed"."""
    try:
        return metadata.version("voicelab")
    except metadata.PackageNotFoundError:
        return "not installed"
