"""Prometheus metrics. With several worker processes, each scrape returns the sum over all of them."""

import asyncio
import os
from collections.abc import Iterable
from functools import partial

import psutil
from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from server.history import TurnRecord
from voicelab.engines.pool.pool import EnginePool
from voicelab.engines.pool.work_pool import WorkPool
from voicelab.pipeline.stage_times import StageTimes

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
ANSWERED = "answered"
STAGES = tuple(name for name in StageTimes.model_fields if name not in ("audio_s", "reply_audio_s"))
_BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"


class Metrics:
    """The metrics of one server process."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self._registry = registry = CollectorRegistry()
        gauge = partial(Gauge, registry=registry, multiprocess_mode="livesum")
        counter = partial(Counter, registry=registry)
        self._totals: dict[Counter, int] = {}
        self._spent_s: dict[str, dict[int, float]] = {}
        self._connections = gauge("voicelab_connections", "Open WebSockets.")
        self._opened = counter("voicelab_connections_opened", "Opened WebSockets.")
        self._denied = counter("voicelab_denied", "Denied requests and handshakes.", ["code"])
        self._turns = counter("voicelab_turns", "Turns by outcome: answered, or an error code.", ["kind", "outcome"])
        self._stages = Histogram(
            "voicelab_turn_stage_seconds", "Duration of a stage of a turn.", ["stage"], buckets=_BUCKETS_S,
            registry=registry,
        )  # fmt: skip
        self._queue = gauge("voicelab_engine_queue", "Unfinished calls to an engine.", ["kind"])
        self._restarts = counter("voicelab_engine_restarts", "Engine processes that died and were replaced.", ["kind"])
        self._history_failures = counter(
            "voicelab_history_failures", "Reads and writes of the history that failed because it was unavailable."
        )
        self._pool_jobs = gauge("voicelab_pool_jobs", "Running and queued jobs of a thread pool.", ["pool"])
        self._pool_refused = counter(
            "voicelab_pool_refused", "Jobs that a thread pool refused because its queue was full.", ["pool"]
        )
        self._worker_memory = gauge(
            "voicelab_worker_memory_bytes", "Resident memory of the engine processes.", ["kind"]
        )
        self._worker_cpu = counter("voicelab_worker_cpu_seconds", "CPU time of the engine processes.", ["kind"])
        self._tasks = gauge("voicelab_tasks", "Tasks on the event loop.")
        self._threads = gauge("voicelab_threads", "Threads, including those of libraries.")
        if _SHARED_FOLDER not in os.environ:
            ProcessCollector(registry=registry)
        for kind in ("spoken", "typed"):
            self._turns.labels(kind, ANSWERED)
        for stage in STAGES:
            self._stages.labels(stage.removesuffix("_s"))

    def opened(self) -> None:
        """Count an opened WebSocket."""
        self._opened.inc()

    def denied(self, code: str) -> None:
        """Count a denied request or handshake."""
        self._denied.labels(code).inc()

    def turn_ended(self, record: TurnRecord) -> None:
        """Count a turn and the stages that it reached."""
        self._turns.labels(record.kind, record.error or ANSWERED).inc()
        for stage in STAGES:
            seconds = getattr(record.times, stage)
            if seconds is not None:
                self._stages.labels(stage.removesuffix("_s")).observe(seconds)

    def sample(
        self, connections: int, hosts: Iterable[EnginePool], pools: Iterable[WorkPool], history_failures: int
    ) -> None:
        """Update the gauges, and the counters of events elsewhere. Call it regularly and before each scrape."""
        self._connections.set(connections)
        self._tasks.set(len(asyncio.all_tasks()))
        self._threads.set(psutil.Process().num_threads())
        for host in hosts:
            kind = host.info.kind
            self._queue.labels(kind).set(host.queued)
            self._raise_to(host.restarts, self._restarts.labels(kind))
            self._sample_workers(kind, host.pids)
        for pool in pools:
            self._pool_jobs.labels(pool.name).set(pool.unfinished)
            self._raise_to(pool.refused, self._pool_refused.labels(pool.name))
        self._raise_to(history_failures, self._history_failures)

    def _raise_to(self, total: int, counter: Counter) -> None:
        counter.inc(total - self._totals.get(counter, 0))
        self._totals[counter] = total

    def _sample_workers(self, kind: str, pids: Iterable[int]) -> None:
        memory, before_s, now_s = 0, self._spent_s.get(kind, {}), {}
        for pid in pids:
            try:
                worker = psutil.Process(pid)
                memory += worker.memory_info().rss
                times = worker.cpu_times()
            except psutil.Error:  # the process has died; the next sample sees its replacement
                continue
            now_s[pid] = times.user + times.system
            self._worker_cpu.labels(kind).inc(max(0.0, now_s[pid] - before_s.get(pid, 0.0)))
        self._spent_s[kind] = now_s
        self._worker_memory.labels(kind).set(memory)

    def page(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        if _SHARED_FOLDER not in os.environ:
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)
