"""A client that disconnects causes at most one log line, and its work is cancelled."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

import httpx
import pytest
from fastapi import APIRouter
from fastapi.routing import APIRoute

from server.http import api
from server.http.departures import WAITS_FOR_ENGINES
from server.http.openai import routes as openai_routes
from server.web import recording
from tests.support.lines import connections, line, open_line, post
from tests.support.serving import TONE, Served, serving, talking, until
from voicelab.audio import codecs

SPEECH = {"model": "fake", "input": "Good morning. " * 20, "response_format": "wav"}
FORM = "multipart/form-data; boundary=x"


def form(**fields: str | bytes) -> bytes:
    """The body of a form with these fields, those of bytes as files."""
    parts = []
    for name, value in fields.items():
        file = '; filename="a.wav"' if isinstance(value, bytes) else ""
        data = value if isinstance(value, bytes) else value.encode()
        parts.append(f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + data + b"\r\n")
    return b"".join(parts) + b"--x--\r\n"


WAV = codecs.encode_wav(TONE)
TAKE = form(audio=WAV, prompt_id="prompt_001", speaker="s01", consent="true")
ASKED = {
    "/v1/audio/speech": ("application/json", json.dumps(SPEECH).encode()),
    "/v1/audio/transcriptions": (FORM, form(model="fake", file=WAV)),
    "/api/voice/command": ("application/json", b'{"command": "hello"}'),
    "/app/api/recordings/words/takes": (FORM, TAKE),
}
"""What makes engines work, by its path."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, recordings_dir=folder / "recordings") as running:
        begin_set(running)
        yield running


def begin_set(served: Served) -> None:
    response = httpx.post(f"{served.http}/app/api/recordings", json={"name": "words", "texts": ["hello"]})
    assert response.status_code == 201


def request(path: str) -> bytes:
    kind, body = ASKED[path]
    return post(path, kind, length=len(body)) + body


@pytest.mark.parametrize("path", [*ASKED, "/app/api/recordings", "/nowhere", "/health/live"])
@pytest.mark.parametrize("kind", ["application/json", FORM, "text/plain"])
async def test_who_leaves_during_an_upload_costs_one_line(
    served: Served, caplog: pytest.LogCaptureFixture, path: str, kind: str
) -> None:
    caplog.set_level(logging.INFO)
    async with line(served) as leaving:
        await leaving.send(post(path, kind, length=9_000) + b'--x\r\nContent-Disposition: form-data; name="file"\r\n')
        await asyncio.sleep(0.05)
    await asyncio.to_thread(until, lambda: connections(served) == 0)
    await asyncio.sleep(0.05)
    ours = [record for record in caplog.records if record.name.startswith(("server", "uvicorn"))]
    assert len(ours) <= 1
    assert all(record.levelname == "INFO" and record.exc_info is None for record in ours)


@pytest.mark.parametrize(("path", "prefix"), [*((path, "") for path in ASKED), ("/api/voice/command", "/voice")])
async def test_work_whose_client_has_left_ends(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, path: str, prefix: str
) -> None:
    """Two dozen clients that disconnect immediately; each would occupy an engine for half a second or more.

    Regression: it went on below the path of a proxy.
    """
    caplog.set_level(logging.INFO)
    slow = {"asr": "fake:delay_s=0.5", "agent": "fake:delay_s=0.5", "tts": "fake:delay_s=0.5", "root_path": prefix}
    with serving(tmp_path, recordings_dir=tmp_path / "recordings", asr_workers=1, **slow) as served:
        begin_set(served)
        assert served.services is not None
        hosts = served.services.pipeline.hosts
        leaving = [await open_line(served) for _ in range(24)]
        for one in leaving:
            one.writer.write(request(path))
        await asyncio.to_thread(until, lambda: sum(host.queued for host in hosts) > 0)
        await asyncio.gather(*(one.close() for one in leaving))
        left_s = perf_counter()
        await asyncio.to_thread(until, lambda: connections(served) == 0 and not any(host.queued for host in hosts))
        async with httpx.AsyncClient(base_url=served.http, timeout=30) as http:
            kind, body = ASKED["/api/voice/command"]
            response = await http.post("/api/voice/command", content=body, headers={"Content-Type": kind})
        assert response.status_code == 200
        assert perf_counter() - left_s < 12, (
            "the one that had begun and the honest one; all would take 24 times half a second"
        )
        assert served.rows("SELECT * FROM turns WHERE error = 'client_left'") or path != "/api/voice/command"
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    assert sum("disconnected before the response" in record.getMessage() for record in caplog.records) <= 24


async def test_who_leaves_after_sending_the_next_request_too_is_noticed(tmp_path: Path) -> None:
    """Regression: uvicorn stops reading at a second request, so the first one's work was not cancelled."""
    with serving(tmp_path, agent="fake:delay_s=5") as served:
        leaving = await open_line(served)
        assert served.services is not None
        hosts = served.services.pipeline.hosts
        for _ in range(2):
            leaving.writer.write(request("/api/voice/command"))
            await asyncio.sleep(0.3)
        await leaving.close()
        left_s = perf_counter()
        await asyncio.to_thread(until, lambda: connections(served) == 0)
        await asyncio.to_thread(until, lambda: bool(served.rows("SELECT * FROM turns WHERE error = 'client_left'")))
        assert perf_counter() - left_s < 4, "before the work would have ended"
        assert not any(host.queued for host in hosts)


async def test_requests_that_are_sent_ahead_are_answered_in_order(served: Served) -> None:
    kind, _ = ASKED["/api/voice/command"]
    bodies = [json.dumps({"command": f"number {number}"}).encode() for number in range(4)]
    async with line(served) as ahead:
        ahead.writer.write(b"".join(post("/api/voice/command", kind, length=len(body)) + body for body in bodies))
        came = b""
        async with asyncio.timeout(30):
            while came.count(b"HTTP/1.1 200") < 4 or not came.endswith(b"}"):
                came += await ahead.reader.read(65_536)
    assert [came.index(f"number {number}".encode()) for number in range(4)] == sorted(
        came.index(f"number {number}".encode()) for number in range(4)
    )


async def test_who_stays_is_answered_whatever_others_do(tmp_path: Path) -> None:
    with serving(tmp_path, agent="fake:delay_s=0.1") as served:
        async with httpx.AsyncClient(base_url=served.http, timeout=30) as http:
            asked = [asyncio.create_task(http.post("/api/voice/command", json={"command": "hi"})) for _ in range(6)]
            await asyncio.sleep(0.15)
            for one in asked[::2]:
                one.cancel()
            answers = await asyncio.gather(*asked[1::2])
            assert [answer.status_code for answer in answers] == [200] * 3
        async with talking(served) as talker:
            await talker.works_after_init()


async def test_an_upload_that_the_end_of_the_server_cuts_off_is_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tmp_path, shutdown_limit_s=1.0) as served:
        assert served.server is not None
        async with line(served) as slow:
            await slow.send(post("/v1/audio/transcriptions", FORM, length=9_000) + b"--x\r\n")
            await asyncio.to_thread(until, lambda: connections(served) == 1)
            served.server.should_exit = True
            answer = await slow.answer()
    assert answer.startswith(b"HTTP/1.1 503")
    assert b"going_away" in answer
    assert not [record for record in caplog.records if record.exc_info]


@pytest.mark.parametrize("router", [api.router, openai_routes.router, recording.router])
def test_every_route_that_takes_a_body_is_watched_unless_it_calls_no_engine(router: APIRouter) -> None:
    without = {"/app/api/recordings", "/app/api/recordings/{name}/takes/{take_id}/accept"}
    paths = {route.path for route in router.routes if isinstance(route, APIRoute) and "POST" in route.methods} - without
    assert paths
    assert all(WAITS_FOR_ENGINES.fullmatch(path.replace("{name}", "words")) for path in paths)
