"""OpenTelemetry spans of turns and their stages, exported if OTEL_EXPORTER_OTLP_ENDPOINT is set."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Self

from server.history import TurnRecord
from server.metrics import ANSWERED
from voicelab.errors import InputError

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")


class Tracer:
    """Export turns as spans, without audio and text."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("voicelab")

    @classmethod
    def from_environment(cls) -> Self | None:
        """Create a tracer from the OTEL_* variables. Returns None, without importing the SDK, if no endpoint is set."""
        if not any(os.environ.get(name) for name in _ENDPOINTS):
            return None
        protocol = next((os.environ[name] for name in _PROTOCOLS if os.environ.get(name)), "http/protobuf")
        if protocol != "http/protobuf":
            raise InputError(f"OTEL_EXPORTER_OTLP_PROTOCOL={protocol}: spans are only sent as http/protobuf")
        try:
            from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
            from opentelemetry.sdk.resources import Resource
            from opentelemetry.sdk.trace import TracerProvider
            from opentelemetry.sdk.trace.export import BatchSpanProcessor
        except ModuleNotFoundError as error:
            message = "OTEL_EXPORTER_OTLP_ENDPOINT needs the extra `otel`: pip install 'voicelab[otel]'"
            raise InputError(message) from error
        named = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": "voicelab-server"}
        provider = TracerProvider(resource=Resource.create(named), shutdown_on_exit=False)
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return cls(provider)

    def turn_ended(self, session_id: str, record: TurnRecord) -> None:
        """Export the turn's span, from its start to now, with a child span for each interval of a stage."""
        from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

        end_ns, end_s = time.time_ns(), time.perf_counter()
        attributes: dict[str, str | int | float] = {
            "session.id": session_id,
            "voicelab.turn_id": record.turn_id,
            "voicelab.kind": record.kind,
            "voicelab.outcome": record.error or ANSWERED,
            "voicelab.audio_bytes_in": record.audio_bytes_in,
            "voicelab.audio_bytes_out": record.audio_bytes_out,
        }
        if record.times.audio_s is not None:
            attributes["voicelab.audio_s"] = record.times.audio_s
        turn = self._tracer.start_span("turn", kind=SpanKind.SERVER, start_time=record.began_ns, attributes=attributes)
        if record.error is not None:
            turn.set_status(Status(StatusCode.ERROR, record.error))
        inside = set_span_in_context(turn)
        for work in record.intervals:
            start_ns, stop_ns = (end_ns - round(1e9 * (end_s - at_s)) for at_s in (work.start_s, work.end_s))
            self._tracer.start_span(work.stage, context=inside, start_time=start_ns).end(stop_ns)
        turn.end(end_ns)

    def close(self) -> None:
        """Export the remaining spans."""
        self._provider.shutdown()
