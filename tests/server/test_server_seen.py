"""Observability: metrics, probes, spans and the log; none contains audio or transcripts."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import logging
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client.parser import text_string_to_metric_families

from server import logs
from server.tracing import Tracer
from tests.support.serving import TONE, Served, serving, spawned, talking, until
from voicelab.agent.base import Dialogue, Reply
from voicelab.agent.fake import FakeAgent
from voicelab.errors import InputError
from voicelab.paths import PROJECT

SECRET = "xylophone"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as running:
        yield running


def metric(served: Served, name: str, **labels: str) -> float | None:
    """Return a value of the page; None if missing."""
    page = httpx.get(f"{served.http}/metrics").text
    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return next((sample.value for sample in samples if sample.name == name and sample.labels == labels), None)


async def one_turn_and_a_failed_one(served: Served) -> str:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        await talker.works()
        await talker.say([bytes(3200)], format="pcm16")
        await talker.refusal("no_speech")
        await talker.send("text", text=SECRET)
        await talker.answer()
    return str(session["session_id"])


# Metrics.


async def test_turns_are_counted_by_how_they_ended_and_stages_by_what_they_took(served: Served) -> None:
    assert metric(served, "voicelab_turns_total", kind="spoken", outcome="answered") == 0
    await one_turn_and_a_failed_one(served)
    assert metric(served, "voicelab_turns_total", kind="spoken", outcome="answered") == 1
    assert metric(served, "voicelab_turns_total", kind="spoken", outcome="no_speech") == 1
    assert metric(served, "voicelab_turns_total", kind="typed", outcome="answered") == 1
    assert metric(served, "voicelab_turn_stage_seconds_count", stage="agent") == 2
    assert metric(served, "voicelab_turn_stage_seconds_count", stage="asr") == 2
    kept = [json.loads(row["stage_times"]) for row in served.rows("SELECT stage_times FROM turns")]
    total = sum(times["agent_s"] or 0 for times in kept)
    assert metric(served, "voicelab_turn_stage_seconds_sum", stage="agent") == pytest.approx(total)


def test_typed_commands_are_turns_too(served: Served) -> None:
    httpx.post(f"{served.http}/api/voice/command", json={"command": "hello"})
    assert metric(served, "voicelab_turns_total", kind="typed", outcome="answered") == 1


async def test_connections_are_counted_while_they_are_open(served: Served) -> None:
    async with talking(served) as one, talking(served):
        await one.init()
        assert metric(served, "voicelab_connections") == 2
    await asyncio.to_thread(until, lambda: metric(served, "voicelab_connections") == 0)
    assert metric(served, "voicelab_connections_opened_total") == 2


def test_who_was_not_let_in_is_counted(served: Served) -> None:
    httpx.get(served.http, headers={"Host": "evil.example"})
    assert metric(served, "voicelab_denied_total", code="bad_host") == 1


async def test_what_waits_for_an_engine_is_counted(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = threading.Event()
    respond = FakeAgent.respond
    monkeypatch.setattr(FakeAgent, "respond", lambda *arguments: go_on.wait() and respond(*arguments))
    async with talking(served) as one, talking(served) as two:
        try:
            for talker in (one, two):
                await talker.init()
                await talker.send("text", text="hello")
            await asyncio.to_thread(until, lambda: metric(served, "voicelab_engine_queue", kind="agent") == 2)
        finally:
            go_on.set()
        for talker in (one, two):
            await talker.answer()
    assert metric(served, "voicelab_engine_queue", kind="agent") == 0


async def test_what_the_engines_processes_take_is_told(served: Served) -> None:
    assert metric(served, "voicelab_worker_memory_bytes", kind="asr") == 0, "the fake recognizer has no process"
    assert (metric(served, "voicelab_worker_memory_bytes", kind="encoder") or 0) > 10e6
    before = metric(served, "voicelab_worker_cpu_seconds_total", kind="encoder")
    assert before is not None
    async with talking(served) as talker:
        await talker.init()
        for _ in range(20):
            await talker.works()
    assert (metric(served, "voicelab_worker_cpu_seconds_total", kind="encoder") or 0) > before


# Probes.


def test_it_is_ready_once_its_engines_are(served: Served) -> None:
    response = httpx.get(f"{served.http}/health/ready")
    assert (response.status_code, response.json()["status"]) == (200, "ready")
    assert response.json()["engines"] == {"asr": True, "agent": True, "tts": True, "encoder": True}
    assert httpx.get(f"{served.http}/health/live").json() == {"status": "alive"}


def test_it_is_not_ready_without_an_engine(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.services is not None
    lane = served.services.pipeline.asr._workers[0]
    monkeypatch.setattr(type(lane), "is_ready", False)
    response = httpx.get(f"{served.http}/health/ready")
    assert (response.status_code, response.json()["status"]) == (503, "engines_not_ready")
    assert httpx.get(f"{served.http}/health/live").status_code == 200


# Spans.


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    yield exporter
    exporter.shutdown()


def traced(served: Served, spans: InMemorySpanExporter) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(spans))
    assert served.services is not None
    served.services.tracer = Tracer(provider)


def length_s(span: ReadableSpan) -> float:
    return (span.end_time - span.start_time) / 1e9  # type: ignore[operator]


def named(spans: list[ReadableSpan], name: str) -> list[ReadableSpan]:
    return [span for span in spans if span.name == name]


async def test_each_turn_is_a_span_with_its_stages_inside(served: Served, spans: InMemorySpanExporter) -> None:
    traced(served, spans)
    session_id = await one_turn_and_a_failed_one(served)
    found = spans.get_finished_spans()
    turns = [span for span in found if span.name == "turn"]
    assert [span.attributes["voicelab.outcome"] for span in turns] == ["answered", "no_speech", "answered"]  # type: ignore[index]
    assert [span.status.status_code for span in turns] == [StatusCode.UNSET, StatusCode.ERROR, StatusCode.UNSET]
    assert {span.attributes["session.id"] for span in turns} == {session_id}  # type: ignore[index]
    stages = [span for span in found if span.parent and span.parent.span_id == turns[0].context.span_id]
    assert [span.name for span in stages] == ["decode", "asr", "agent", "tts", "encode"]
    assert turns[0].start_time <= stages[0].start_time  # type: ignore[operator]
    assert stages[-1].end_time <= turns[0].end_time  # type: ignore[operator]
    assert all(one.end_time <= other.start_time for one, other in pairwise(stages))  # type: ignore[operator]
    times = json.loads(served.turns(session_id)[0]["stage_times"])
    for name in ("decode", "asr", "agent", "tts", "encode"):
        assert sum(map(length_s, named(stages, name))) == pytest.approx(times[f"{name}_s"], abs=0.02)
    assert SECRET not in "".join(span.to_json() for span in found)


async def test_spans_lie_where_the_stages_were(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    """Regression: spans were placed end to end, so encoding seemed to follow all synthesis."""
    engines = {"agent": "fake:delay_s=0.2,text=One two three. Four five six. Seven.", "tts": "fake:delay_s=0.1"}
    with serving(tmp_path, reply_lead_s=0.2, **engines) as served:
        traced(served, spans)
        async with talking(served) as talker:
            await talker.init(paced=True)
            asked_ns = time.time_ns()
            await talker.send("text", text="go on")
            await talker.expect("agent_response")
            answered_ns = time.time_ns()
            await talker.answer()
    stages = [span for span in spans.get_finished_spans() if span.parent]
    assert [span.name for span in stages if span.name != "encode"] == ["agent", "tts", "tts", "tts"]
    assert asked_ns <= named(stages, "agent")[0].start_time <= answered_ns - 2e8  # type: ignore[operator]
    made = named(stages, "tts")
    assert all(length_s(span) >= 0.1 for span in made)
    breaks_s = [(later.start_time - earlier.end_time) / 1e9 for earlier, later in pairwise(made)]  # type: ignore[operator]
    assert breaks_s[0] < 0.4 < breaks_s[1], "the second sentence waits for the ear, and the third is made after that"
    for earlier, later in pairwise(made):
        encoded = [span for span in named(stages, "encode") if earlier.end_time <= span.start_time <= later.start_time]  # type: ignore[operator]
        assert 0 < sum(map(length_s, encoded)) < 0.4


async def test_a_stage_that_is_cut_off_has_a_span_to_there(tmp_path: Path, spans: InMemorySpanExporter) -> None:
    with serving(tmp_path, agent="fake:delay_s=1") as served:
        traced(served, spans)
        async with talking(served) as talker:
            await talker.init()
            await talker.send("text", text="go on")
            await asyncio.sleep(0.3)
            await talker.send("interrupt")
            await talker.expect("interrupted")
    (agent,) = [span for span in spans.get_finished_spans() if span.parent]
    assert agent.name == "agent"
    assert 0.2 < length_s(agent) < 0.9


async def test_spans_go_to_the_collector_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    received: list[bytes] = []

    async def collect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"content-length: (\d+)", head, re.IGNORECASE)
        assert size is not None
        received.append(head.split(b"\r\n")[0] + await reader.readexactly(int(size[1])))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(collect, "127.0.0.1", 0) as collector:
        port = collector.sockets[0].getsockname()[1]
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")

        def serve_one_turn() -> None:
            with serving(tmp_path) as served:
                httpx.post(f"{served.http}/api/voice/command", json={"command": SECRET})

        await asyncio.to_thread(serve_one_turn)
    (sent,) = received
    assert sent.startswith(b"POST /v1/traces")
    assert b"voicelab-server" in sent
    assert b"agent" in sent
    assert SECRET.encode() not in sent


def test_without_a_collector_nothing_of_it_is_imported() -> None:
    program = (
        "import sys, server.app; from server.tracing import Tracer; assert Tracer.from_environment() is None\n"
        "assert not {'opentelemetry.sdk', 'opentelemetry.exporter', 'asyncpg'} & sys.modules.keys()"
    )
    environment = {"PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, env=environment, check=True)


def test_a_protocol_that_is_not_spoken_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4317")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
    with pytest.raises(InputError, match=r"^OTEL_EXPORTER_OTLP_PROTOCOL=grpc: spans are only sent as http/protobuf"):
        Tracer.from_environment()


def test_a_missing_exporter_is_one_sentence_that_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    with pytest.raises(InputError, match=r"needs the extra `otel`: pip install 'voicelab\[otel\]'$"):
        Tracer.from_environment()


# The log.


@pytest.mark.parametrize("transcripts", ["false", "true"])
async def test_the_log_is_json_with_ids_and_words_only_when_asked_for(tmp_path: Path, transcripts: str) -> None:
    fakes = ("--asr", "fake:text=xylophone", "--agent", "fake", "--tts", "fake")
    settings = {"LOG_FORMAT": "json", "LOG_LEVEL": "trace", "LOG_TRANSCRIPTS": transcripts}
    with spawned(tmp_path, *fakes, **settings) as served:
        async with talking(served) as talker:
            session = await talker.init(user_id="ada")
            await talker.say([TONE.to_pcm16()], format="pcm16")
            assert (await talker.answer()).one("transcription")["text"] == SECRET
            await talker.say([b"RIFFxxxxWAVE nothing"])
            await talker.refusal("bad_audio")
        await asyncio.to_thread(httpx.post, f"{served.http}/api/voice/command", json={"command": SECRET})
    log = (tmp_path / "server.log").read_text()
    sent = base64.b64encode(TONE.to_pcm16()).decode()
    assert not any(sent[start : start + 20] in log for start in range(0, 2000, 20)), "no part of the audio"
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"time", "level", "logger", "process", "message"} <= line.keys() for line in lines)
    turns = [line for line in lines if "outcome" in line]
    assert [line["outcome"] for line in turns] == ["answered", "bad_audio", "answered"]
    assert [line["session_id"] == session["session_id"] for line in turns] == [True, True, False]
    assert len({line["turn_id"] for line in turns}) == 3
    assert (SECRET in log) is (transcripts == "true")


@pytest.mark.parametrize("asked_for", [True, False])
async def test_what_an_engine_says_when_it_fails_is_neither_told_nor_logged(
    served: Served, monkeypatch: pytest.MonkeyPatch, asked_for: bool
) -> None:
    """Regression: a voice's error quoted the sentence, which appeared in the log."""

    def fail(_agent: FakeAgent, heard: str, _dialogue: Dialogue) -> Reply:
        raise KeyError(heard)

    monkeypatch.setattr(FakeAgent, "respond", fail)
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    handler.addFilter(logs.OneLine(are_shown=asked_for))
    monkeypatch.setattr(logging.getLogger("server"), "handlers", [handler])
    async with talking(served) as talker:
        await talker.init()
        await talker.send("text", text=f"{SECRET} 100%d")
        assert SECRET not in await talker.refusal("engine_failed")
    command = await asyncio.to_thread(httpx.post, f"{served.http}/api/voice/command", json={"command": SECRET})
    assert (command.status_code, command.json()["detail"]["code"]) == (503, "engine_failed")
    assert SECRET not in command.text
    assert log.getvalue().count("a turn failed: the engine fake") == 2
    assert log.getvalue().count(SECRET) == (2 if asked_for else 0)


def test_a_json_line_holds_an_exception_and_the_session(capsys: pytest.CaptureFixture[str]) -> None:
    token = logs.session_id.set("0b6c")
    try:
        raise ValueError("two\nlines")
    except ValueError:
        record = logging.getLogger("server").makeRecord(
            "server", logging.ERROR, "f", 1, "a %s failed", ("turn",), sys.exc_info()
        )
    line = logs.JsonLines(are_shown=True).format(record)
    logs.session_id.reset(token)
    assert "\n" not in line
    found = json.loads(line)
    assert (found["message"], found["session_id"], found["level"]) == ("a turn failed", "0b6c", "error")
    assert "ValueError: two\nlines" in found["exception"]
