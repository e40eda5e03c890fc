"""The server as its own process, with the real engines."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.required import SEED, needs_seed
from tests.support.serving import (
    PATIENCE_S,
    Served,
    children_of,
    free_socket,
    is_running,
    run_server,
    serving,
    spawned,
    state_of,
    talking,
    until,
)
from voicelab.audio import decoding
from voicelab.paths import PROJECT, shipped


def metrics_of(served: Served) -> str:
    return httpx.get(f"{served.http}/metrics", timeout=PATIENCE_S).text


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("spawned")


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Served]:
    with spawned(folder, ASR_WORKERS="1") as running:
        yield running


@pytest.fixture(scope="module")
def speech() -> bytes:
    return (shipped("voice_samples") / "audio" / "news_nvda_latest.ogg").read_bytes()


async def test_real_speech_is_heard_answered_and_spoken(served: Served, speech: bytes) -> None:
    async with talking(served) as talker:
        await talker.init(user_id="ada", events=["turn_metrics"])
        await talker.say([speech])
        answer = await talker.answer()
        assert "news" in answer.one("transcription")["text"]
        assert answer.one("agent_response")["intent"] == "news_query"
        assert decoding.decode(answer.audio).duration_s > 2
        assert answer.one("turn_metrics")["asr_s"] > 0


@needs_seed
async def test_the_seeds_client_works_unchanged(served: Served) -> None:
    """It sends frames with fields that the server does not know, and with another session's id."""
    frames = sorted((SEED / "encoded_compressed_opus").glob("*.json"))
    assert len(frames) == 8
    for frame in frames:
        async with talking(served, query="?user_id=seed") as talker:
            session = await talker.init(user_id="seed", session_id=None)
            await talker.socket.send(frame.read_text())
            answer = await talker.answer()
        assert answer.names[:2] == ["transcription", "agent_response"]
        assert set(answer.names[2:]) == {"audio_chunk"}
        assert {data["session_id"] for _, data in answer.events} == {session["session_id"]}
        assert answer.one("transcription")["text"]
        assert decoding.decode(answer.audio).duration_s > 0.5


async def test_clients_at_once_on_one_worker_hear_what_they_said_and_nothing_else(served: Served) -> None:
    """Their packets are interleaved, so that all utterances are open at the same time."""
    names = ("news_nvda_latest", "price_aapl", "watchlist_add_meta")
    recordings = [(shipped("voice_samples") / "audio" / f"{name}.ogg").read_bytes() for name in names]

    async def say(recording: bytes) -> tuple[str, list[str]]:
        async with talking(served) as talker:
            await talker.init()
            for packet in decoding.opus_packets(recording):
                text = base64.b64encode(packet).decode()
                await talker.send("audio_chunk", audio_chunk=text, format="opus", is_final=False)
                await asyncio.sleep(0)
            await talker.say([b""])
            answer = await talker.answer()
            entities = [entity["value"] for entity in answer.one("agent_response")["entities"]]
            return answer.one("transcription")["text"], entities

    alone = [await say(recording) for recording in recordings]
    assert len({text for text, _ in alone}) == len(names)
    assert await asyncio.gather(*map(say, recordings)) == alone


def test_the_log_names_each_engine_before_the_start_is_complete(served: Served, folder: Path) -> None:
    httpx.get(served.http, timeout=PATIENCE_S)
    log = (folder / "server.log").read_text()
    complete = log.index("Application startup complete")
    assert all(
        -1 < log.index(f"{engine} loaded in") < complete for engine in ("ASR moonshine", "Agent rules", "TTS piper")
    )


async def test_silence_is_told_and_the_next_turn_works(served: Served, speech: bytes) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([bytes(32_000)], format="pcm16")
        await talker.refusal("no_speech")
        await talker.say([speech])
        assert "transcription" in (await talker.answer()).names


async def test_a_worker_that_dies_costs_the_turn_that_was_on_it(served: Served, speech: bytes) -> None:
    assert served.pid is not None
    async with talking(served) as talker:
        session = await talker.init()
        await talker.say([speech])
        await talker.answer()
        await talker.begin_speaking()
        for child in children_of(served.pid):
            os.kill(child, signal.SIGKILL)
        await talker.say([b"\0\0"], format="pcm16")
        assert "moonshine" in await talker.refusal("engine_failed")
        page = await asyncio.to_thread(metrics_of, served)
        assert 'voicelab_engine_restarts_total{kind="asr"} 1.0' in page
        await talker.say([speech])
        assert "transcription" in (await talker.answer()).names
    assert "engine_failed" in [turn["error"] for turn in served.turns(session["session_id"])]


async def test_an_encoder_that_dies_costs_one_turn_at_most(tmp_path: Path) -> None:
    with spawned(tmp_path, "--asr", "fake", "--agent", "fake", "--tts", "fake") as served:
        assert served.pid is not None
        async with talking(served) as talker:
            await talker.init()
            await talker.works()
            (encoder,) = children_of(served.pid)
            os.kill(encoder, signal.SIGSTOP)
            await asyncio.to_thread(until, lambda: state_of(encoder) == "T")
            await talker.send("text", text="hello")
            await talker.expect("agent_response")
            # The death of an idle encoder has no effect.
            await asyncio.to_thread(until, lambda: 'voicelab_engine_queue{kind="encoder"} 1.0' in metrics_of(served))
            os.kill(encoder, signal.SIGKILL)
            assert "libopus" in await talker.refusal("engine_failed")
            await talker.works()
        assert 'voicelab_engine_restarts_total{kind="encoder"} 1.0' in await asyncio.to_thread(metrics_of, served)


async def test_the_workers_give_way_to_the_event_loop(served: Served) -> None:
    assert served.pid is not None
    async with talking(served) as talker:
        await talker.init()  # which waits until it has started
    own = os.getpriority(os.PRIO_PROCESS, served.pid)
    workers = children_of(served.pid)
    assert workers
    assert all(os.getpriority(os.PRIO_PROCESS, worker) > own for worker in workers)


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_it_cleanly_in_the_middle_of_a_turn(tmp_path: Path, how: signal.Signals) -> None:
    with spawned(tmp_path, "--tts", "fake", ASR_WORKERS="1", SHUTDOWN_LIMIT_S="4") as served:
        assert served.pid is not None
        async with talking(served) as talker:
            await talker.init()
            await talker.begin_speaking()
            workers = children_of(served.pid)
            assert len(workers) == 2, "of the recognizer, and of what encodes replies"
            os.kill(served.pid, how)
            pid, status = await asyncio.to_thread(os.waitpid, served.pid, 0)
        assert (pid, os.waitstatus_to_exitcode(status)) == (served.pid, 0)
        await asyncio.to_thread(until, lambda: not any(map(is_running, workers)))
    log = (tmp_path / "server.log").read_text()
    assert "Traceback" not in log
    assert "ERROR" not in log


def test_a_killed_server_leaves_no_workers(tmp_path: Path) -> None:
    with spawned(tmp_path, "--tts", "fake", ASR_WORKERS="1") as served:
        assert served.pid is not None
        httpx.get(served.http, timeout=PATIENCE_S)
        workers = children_of(served.pid)
        os.kill(served.pid, signal.SIGKILL)
        until(lambda: not any(map(is_running, workers)))


def test_it_ends_with_its_standard_input_when_asked_to(tmp_path: Path) -> None:
    with free_socket() as listener:
        descriptor = listener.fileno()
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "server",
                "--fd",
                str(descriptor),
                "--end-with-stdin",
                "--asr",
                "fake",
                "--tts",
                "fake",
            ],
            cwd=PROJECT,
            env={**os.environ, "DATABASE_URL": f"sqlite:///{tmp_path / 'history.sqlite3'}"},
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=[descriptor],
        )
        with process:
            try:
                assert httpx.get(f"http://127.0.0.1:{listener.getsockname()[1]}", timeout=PATIENCE_S).status_code == 200
                assert process.stdin is not None
                process.stdin.close()
                assert process.wait(PATIENCE_S) == 0
            finally:
                process.kill()


def test_a_port_that_is_taken_is_told_at_once() -> None:
    with free_socket() as taken:
        port = taken.getsockname()[1]
        outcome = run_server("--port", str(port))
    assert outcome.returncode == 2
    assert f"cannot serve on 127.0.0.1:{port}" in outcome.stderr
    assert outcome.stderr.count("\n") == 1


@pytest.mark.parametrize("descriptor", ["99", "0"])
def test_an_fd_that_is_no_socket_is_told(descriptor: str) -> None:
    outcome = run_server("--fd", descriptor)
    assert outcome.returncode == 2
    assert f"--fd {descriptor} is not an open socket" in outcome.stderr


async def test_two_servers_share_one_history(tmp_path: Path) -> None:
    with serving(tmp_path) as one, serving(tmp_path) as other:
        async with talking(one) as here, talking(other) as there:
            session = await here.init(user_id="ada")
            await there.init(user_id="ada", session_id=session["session_id"])
            await asyncio.gather(*(talker.works() for talker in (here, there)))
        assert [turn["number"] for turn in one.turns(session["session_id"])] == [1, 2]
