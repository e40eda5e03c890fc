"""Executes requests on an engine."""

import time
from dataclasses import dataclass, field
from typing import Any

from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.spec import EngineConfig
from voicelab.engines.streams import HoldingStream, PartialStream, QueueingStream, RespondStream
from voicelab.errors import EngineBusyError, EngineError, VoicelabError


@dataclass(slots=True)
class Dispatcher:
    """Executes requests on one engine, in a worker process or a worker thread."""

    config: EngineConfig
    _engine: Any = None
    _streams: dict[int, Any] = field(default_factory=dict)
    _busy_s: dict[int, float] = field(default_factory=dict)
    _faults: dict[int, VoicelabError] = field(default_factory=dict)

    def serve(self, request: Request) -> Answer:
        """Execute a request. A failure of a request without a waiting caller is raised by the stream's next call."""
        start = time.perf_counter()
        result, error = None, None
        stream_id = request.stream_id
        try:
            if stream_id is not None and stream_id in self._faults:
                raise self._faults[stream_id]
            result = self._carry_out(request)
        except VoicelabError as known:
            error = known
        except Exception as fault:  # noqa: BLE001 - an engine may raise anything; it becomes an EngineError here
            error = EngineError(self.config.name, f"{type(fault).__name__}: {fault}")
        busy_s = time.perf_counter() - start
        if stream_id is not None:
            busy_s += self._busy_s.get(stream_id, 0.0)
            self._busy_s[stream_id] = busy_s
            if error is not None and not isinstance(error, EngineBusyError):
                self._faults[stream_id] = error
            if request.method == "close":
                self._busy_s.pop(stream_id), self._faults.pop(stream_id, None)
        return Answer(None) if request.call_id is None else Answer(request.call_id, result, error, busy_s)

    def _carry_out(self, request: Request) -> Any:
        if request.method == "load":
            self._engine = self.config.build()
            return self.config.load(self._engine)
        if request.stream_id is None:
            return getattr(self._engine, request.method)(*request.arguments)
        if request.method == "close":
            stream = self._streams.pop(request.stream_id, None)
            return stream.close() if stream is not None else None
        if request.stream_id not in self._streams:
            streams = hasattr(self._engine, "stream")
            self._streams[request.stream_id] = self._engine.stream() if streams else RespondStream(self._engine)
        if request.method == "open":
            return None
        stream = self._streams[request.stream_id]
        if request.method == "partial" and not isinstance(stream, PartialStream):
            return None
        if request.method in ("hold", "release") and not isinstance(stream, HoldingStream):
            return None
        if request.method == "finish" and isinstance(stream, QueueingStream) and not stream.is_ready():
            # Blocking here would stop the only thread that can serve the other streams.
            raise EngineBusyError(self.config.name, "it serves as many utterances as it can; try again later")
        return getattr(stream, request.method)(*request.arguments)
