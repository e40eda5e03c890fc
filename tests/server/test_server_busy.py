"""Slow work delays only work of the same kind, and is refused when its queue is full."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.serving import PATIENCE_S, TONE, Served, serving, talking, until
from voicelab.audio import codecs, decoding
from voicelab.audio.incoming import IncomingAudio
from voicelab.engines.pool.work_pool import WorkPool

THREADS, QUEUE = 2, 2


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path, pool_threads=THREADS, pool_queue=QUEUE, recordings_dir=tmp_path / "recordings") as running:
        yield running


@pytest.fixture
def slow_uploads(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Every upload takes until this is set, like a file that takes seconds to decode."""
    go_on, decoded = threading.Event(), decoding.run

    def slow(*arguments: Any, **options: Any) -> object:
        assert go_on.wait(PATIENCE_S)
        return decoded(*arguments, **options)

    monkeypatch.setattr(decoding, "run", slow)
    yield go_on
    go_on.set()


def upload(served: Served, client: str = "192.0.2.1") -> httpx.Response:
    form = {"files": {"file": ("a.wav", codecs.encode_wav(TONE))}, "data": {"model": "fake"}}
    headers = {"X-Forwarded-For": client}
    return httpx.post(f"{served.http}/v1/audio/transcriptions", timeout=PATIENCE_S, headers=headers, **form)  # type: ignore[arg-type]


async def test_uploads_that_take_long_delay_no_other_work(served: Served, slow_uploads: threading.Event) -> None:
    assert served.services is not None
    decoding = served.services.pools.decoding
    with ThreadPoolExecutor() as attackers:
        bad = [attackers.submit(upload, served, f"192.0.2.{number}") for number in range(THREADS + QUEUE)]
        await asyncio.to_thread(until, lambda: decoding.unfinished == THREADS + QUEUE)
        async with talking(served) as talker:
            await talker.init()
            for data in (codecs.encode_wav(TONE), codecs.encode(TONE, "opus"), codecs.encode(TONE, "flac")):
                await talker.say([data])
                assert (await talker.answer()).names[-1] == "audio_chunk"
        for path in ("/app/api/samples", "/app/api/runs", "/app/api/recordings", "/health/ready", "/metrics"):
            assert (await asyncio.to_thread(httpx.get, served.http + path)).status_code == 200
        said = await asyncio.to_thread(
            httpx.post, f"{served.http}/v1/audio/speech", json={"model": "fake", "input": "hello"}
        )
        assert said.status_code == 200
        refused = await asyncio.to_thread(upload, served)
        assert (refused.status_code, refused.headers["retry-after"]) == (503, "5")
        assert refused.json()["error"]["code"] == "server_busy"
        assert "the queue of decoding is full" in refused.json()["error"]["message"]
        page = await asyncio.to_thread(httpx.get, f"{served.http}/metrics")
        assert 'voicelab_pool_refused_total{pool="decoding"} 1.0' in page.text
        assert f'voicelab_pool_jobs{{pool="decoding"}} {THREADS + QUEUE}.0' in page.text
        slow_uploads.set()
        assert [one.result().status_code for one in bad] == [200] * (THREADS + QUEUE)
    assert (await asyncio.to_thread(upload, served)).status_code == 200


async def test_one_client_leaves_a_thread_and_half_of_the_queue_to_others(
    served: Served, slow_uploads: threading.Event
) -> None:
    assert served.services is not None
    decoding, own = served.services.pools.decoding, THREADS - 1 + QUEUE // 2
    with ThreadPoolExecutor() as attackers:
        bad = [attackers.submit(upload, served) for _ in range(own)]
        await asyncio.to_thread(until, lambda: decoding.unfinished == own)
        refused = await asyncio.to_thread(upload, served)
        assert refused.status_code == 503
        assert f"192.0.2.1 already has {own} jobs in the queue of decoding" in refused.json()["error"]["message"]
        others = [attackers.submit(upload, served, "192.0.2.2") for _ in range(own)]
        await asyncio.to_thread(until, lambda: decoding.unfinished == 2 * own)
        slow_uploads.set()
        assert {one.result().status_code for one in (*bad, *others)} == {200}


async def test_a_turn_that_cannot_wait_for_its_decoder_is_told_so_and_the_next_works(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert served.services is not None
    go_on, finish = threading.Event(), IncomingAudio.finish
    served.services.pipeline = replace(served.services.pipeline, turn_ends=WorkPool("turn-ends", 1, 0))
    monkeypatch.setattr(IncomingAudio, "finish", lambda audio: (go_on.wait(PATIENCE_S), finish(audio))[1])
    async with talking(served) as one, talking(served) as two:
        await one.init()
        await two.init()
        await one.say([codecs.encode_wav(TONE)])
        await asyncio.to_thread(until, lambda: served.services.pipeline.turn_ends.unfinished == 1)  # type: ignore[union-attr]
        await two.say([codecs.encode_wav(TONE)])
        assert "turn-ends" in await two.refusal("server_busy")
        go_on.set()
        assert (await one.answer()).names[-1] == "audio_chunk"
        await two.say([codecs.encode_wav(TONE)])
        assert (await two.answer()).names[-1] == "audio_chunk"


def test_a_page_is_told_when_the_disk_cannot_keep_up(served: Served) -> None:
    assert served.services is not None
    served.services.pools = served.services.pools._replace(files=WorkPool("files", 1, 0))
    go_on = threading.Event()
    served.services.pools.files.submit(lambda: go_on.wait(PATIENCE_S))
    answer = httpx.get(f"{served.http}/app/api/samples")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert answer.json()["detail"]["code"] == "server_busy"
    go_on.set()


def test_a_fault_of_the_server_is_json_on_every_route(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    assert served.services is not None

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(served.services.history, "sessions", fail)
    answer = httpx.get(f"{served.http}/api/conversation-sessions/sessions")
    assert (answer.status_code, answer.json()["detail"]["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
