"""Worker processes: a dead one fails its calls and is replaced, and no process is left over."""

import asyncio
import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.support.speech import SPEECH
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.engines.pool.pool import EnginePool
from voicelab.engines.spec import EngineConfig, EngineInfo, Entry
from voicelab.errors import EngineError, EngineMissingError


def children() -> set[int]:
    """The ids of this process's running children."""
    found = set()
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = status.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid() and fields[0] != "Z":
            found.add(int(status.parent.name))
    return found


async def test_a_worker_that_dies_fails_its_turn_and_the_next_works():
    before = children()
    host = await EnginePool(RECOGNIZERS.config("pocketsphinx"), 1).open()
    try:
        (worker,) = children() - before
        clip = SPEECH.clip().at_rate(SPEECH_RATE_HZ)
        stream = host.stream()
        await stream.post("feed", clip)
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(EngineError, match="worker process ended"):
            await stream.call("finish")
        await stream.close()
        again = host.stream()
        await again.post("feed", clip)
        assert (await again.call("finish")).text == "what's the latest news about nvidia"
        await again.close()
        assert host.restarts == 1
    finally:
        await host.close()
    assert children() == before


async def test_an_utterance_does_not_go_on_half_heard_in_the_next_worker():
    before = children()
    host = await EnginePool(RECOGNIZERS.config("pocketsphinx"), 1).open()
    try:
        stream = host.stream()
        await stream.post("feed", SPEECH.clip().at_rate(SPEECH_RATE_HZ))
        for worker in children() - before:
            os.kill(worker, signal.SIGKILL)
        while not host.restarts:  # noqa: ASYNC110 - there is no event to wait for; the test's limit ends it
            await asyncio.sleep(0.01)
        with pytest.raises(EngineError, match="worker process ended"):
            await stream.call("finish")
        await stream.close()
    finally:
        await host.close()


async def test_an_engine_that_cannot_load_is_one_error_and_leaves_nothing():
    before = children()
    target = EngineConfig("asr", "broken", Entry("tests.engines.test_engine_pool:Broken", "", "process"))
    with pytest.raises(EngineMissingError, match="broken: install the thing"):
        await EnginePool(target, 2).open()
    assert children() == before


async def test_a_worker_that_cannot_be_replaced_is_one_error_for_every_later_call(monkeypatch):
    config = EngineConfig("asr", "diary", Entry("tests.engines.test_engine_pool:Diary", "", "process"))
    host = await EnginePool(config, 1).open()
    try:

        async def refuse(*_, **__):
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
        os.kill(host.pids[0], signal.SIGKILL)
        for _ in range(3):
            stream = host.stream()
            with pytest.raises(EngineError, match=r"diary: its worker process (ended|cannot be started)"):
                async with asyncio.timeout(20):
                    await stream.call("read")
            await stream.close()
        assert not host.is_ready
    finally:
        await host.close()


async def test_a_worker_that_cannot_be_replaced_leaves_later_calls_to_the_others(monkeypatch):
    config = EngineConfig("tts", "slow", Entry("tests.engines.test_engine_pool:Slow", "", "process"))
    host = await EnginePool(config, 2).open()
    try:

        async def refuse(*_, **__):
            raise BlockingIOError(11, "Resource temporarily unavailable")

        monkeypatch.setattr(asyncio, "create_subprocess_exec", refuse)
        os.kill(host.pids[0], signal.SIGKILL)
        while not host.restarts:  # noqa: ASYNC110 - there is no event to wait for; the test's limit ends it
            await asyncio.sleep(0.01)
        assert [await host.call("work", 0.0) for _ in range(3)] == [1, 2, 3]
        streams = [host.stream() for _ in range(3)]
        assert [await stream.call("finish") for stream in streams] == [0, 0, 0]
        for stream in streams:
            await stream.close()
    finally:
        await host.close()


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_what_an_engine_raises_becomes_an_engine_error(isolation):
    host = await EnginePool(
        EngineConfig("tts", "odd", Entry("tests.engines.test_engine_pool:Odd", "", isolation))
    ).open()
    try:
        with pytest.raises(EngineError, match="odd: ZeroDivisionError"):
            await host.call("speak", "x")
        stream = host.stream()
        await stream.post("feed", None)
        with pytest.raises(EngineError, match="odd: ZeroDivisionError"):
            await stream.call("finish")
        await stream.close()
    finally:
        await host.close()


class Broken:
    def load(self):
        raise EngineMissingError("broken", "install the thing")


class Duet:
    """Speaks only while another call of this process speaks too."""

    _both = threading.Barrier(2, timeout=10)

    def load(self):
        return EngineInfo("tts", "duet", {}, "1")

    def speak(self, text):
        self._both.wait()
        return text


class Odd:
    def load(self):
        return EngineInfo("tts", "odd", {}, "1")

    def stream(self):
        return self

    def speak(self, _text):
        return 1 / 0

    def feed(self, _clip):
        return 1 / 0

    def finish(self):
        return "never"

    def close(self):
        pass


@pytest.fixture
async def slow_host(request):
    """A pool with one worker; `work` takes the given time."""
    host = await EnginePool(
        EngineConfig("tts", "slow", Entry("tests.engines.test_engine_pool:Slow", "", request.param)), limit_s=30
    ).open()
    yield host
    await host.close()


both = pytest.mark.parametrize("slow_host", ["process", "thread"], indirect=True)


@both
async def test_a_cancelled_call_that_had_not_begun_is_never_made(slow_host):
    running = asyncio.create_task(slow_host.call("work", 0.5))
    await asyncio.sleep(0.1)
    waiting = [asyncio.create_task(slow_host.call("work", 0.0)) for _ in range(3)]
    await asyncio.sleep(0.05)
    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert await running == 1
    assert await slow_host.call("count") == 1


@both
async def test_the_result_of_a_cancelled_call_that_had_begun_is_dropped(slow_host):
    running = asyncio.create_task(slow_host.call("work", 0.3))
    await asyncio.sleep(0.1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert await slow_host.call("work", 0.0) == 2


@both
async def test_closing_an_utterance_withdraws_what_it_had_not_begun(slow_host):
    dropped, kept = slow_host.stream(), slow_host.stream()
    await dropped.post("feed", 0.3)
    for _ in range(5):
        await dropped.post("feed", 0.0)
    await kept.post("feed", 0.0)
    finishing = asyncio.create_task(dropped.call("finish"))
    await asyncio.sleep(0.1)
    await dropped.close()
    with pytest.raises(EngineError, match="the utterance was closed"):
        await finishing
    assert await kept.call("finish") == 1
    await kept.close()
    assert await slow_host.call("count") == 2, "the feed under way, and the other utterance's"


@both
async def test_who_has_finished_speaking_does_not_wait_for_those_who_speak(slow_host):
    speaks, is_done = slow_host.stream(), slow_host.stream()
    for _ in range(20):
        await speaks.post("feed", 0.1)
    await asyncio.sleep(0.05)
    await is_done.post("feed", 0.0)
    assert await is_done.call("finish") == 1
    assert await slow_host.call("count") < 10
    assert await speaks.call("finish") == 20
    for stream in (speaks, is_done):
        await stream.close()


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_a_worker_that_hangs_fails_its_turn_and_the_next_works(isolation):
    host = await EnginePool(
        EngineConfig("tts", "slow", Entry("tests.engines.test_engine_pool:Slow", "", isolation)), limit_s=0.5
    ).open()
    try:
        behind = asyncio.gather(host.call("work", 60.0), host.call("count"), return_exceptions=True)
        for fault in await behind:
            assert isinstance(fault, EngineError)
            assert "completed nothing for 0.5 s" in str(fault)
        assert await host.call("work", 0.0) == 1
        assert host.restarts == 1
    finally:
        await host.close()


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_one_that_hangs_is_seen_though_others_beside_it_get_on(isolation):
    config = EngineConfig("tts", "slow", Entry("tests.engines.test_engine_pool:Slow", "", isolation, shared=True))
    host = await EnginePool(config, 2, limit_s=0.5).open()
    try:
        assert host.info.lanes == 2
        streams = hangs, gets_on = host.stream(), host.stream()
        hanging = asyncio.create_task(hangs.call("feed", 60.0))

        async def go_on() -> None:
            for _ in range(200):
                await gets_on.call("feed", 0.02)

        for ends in (go_on(), hanging):
            with pytest.raises(EngineError, match=r"completed nothing for 0\.5 s"):
                await ends
        for stream in streams:
            await stream.close()
        again = host.stream()
        assert await again.call("finish") == 0
        await again.close()
        assert host.restarts == 1
    finally:
        await host.close()


@pytest.mark.parametrize(("isolation", "shared"), [("process", True), ("thread", True), ("thread", False)])
async def test_calls_of_a_voice_overlap_as_far_as_its_lanes_allow(isolation, shared):
    config = EngineConfig("tts", "duet", Entry("tests.engines.test_engine_pool:Duet", "", isolation, shared=shared))
    host = await EnginePool(config, 2).open()
    try:
        assert await asyncio.gather(*(host.call("speak", "la") for _ in range(4))) == ["la"] * 4
    finally:
        await host.close()


async def test_a_worker_whose_parent_is_gone_ends_though_its_engine_hangs():
    """Close the worker's socket, as if the parent was killed."""
    host = await EnginePool(
        EngineConfig("tts", "slow", Entry("tests.engines.test_engine_pool:Slow", "", "process")), limit_s=30
    ).open()
    try:
        hanging = asyncio.create_task(host.call("work", 60.0))
        await asyncio.sleep(0.1)
        (worker,) = host.pids
        host._workers[0]._writer.close()
        async with asyncio.timeout(5):
            while worker in children():  # noqa: ASYNC110 - there is no event to wait for
                await asyncio.sleep(0.01)
        with pytest.raises(EngineError, match="worker process ended"):
            await hanging
    finally:
        await host.close()


async def test_a_queue_that_gets_on_is_not_taken_for_hung():
    """Thirty requests together take longer than the limit; none does alone."""
    host = await EnginePool(
        EngineConfig("tts", "slow", Entry("tests.engines.test_engine_pool:Slow", "", "process")), limit_s=2.0
    ).open()
    try:
        stream = host.stream()
        for _ in range(30):
            await stream.post("feed", 0.1)
        assert await stream.call("finish") == 30
        await stream.close()
        assert host.restarts == 0
    finally:
        await host.close()


async def test_what_is_held_of_several_utterances_is_done_one_after_the_other():
    """Switching utterances with every frame would be slower; each utterance keeps its order."""
    host = await EnginePool(
        EngineConfig("asr", "diary", Entry("tests.engines.test_engine_pool:Diary", "", "thread"))
    ).open()
    try:
        streams = [host.stream() for _ in range(3)]
        for frame in range(4):
            for name, stream in zip("abc", streams, strict=True):
                await stream.post("feed", f"{name}{frame}")
        written = [await stream.call("read") for stream in streams]
        assert written[-1] == [f"{name}{frame}" for name in "abc" for frame in range(4)]
    finally:
        for stream in streams:
            await stream.close()
        await host.close()


class Diary:
    def __init__(self):
        self.written = []

    def load(self):
        return EngineInfo("asr", "diary", {}, "1")

    def stream(self):
        return DiaryPage(self.written)


class DiaryPage:
    def __init__(self, written):
        self.written = written

    def feed(self, word):
        self.written.append(word)

    def read(self):
        return list(self.written)

    def close(self):
        pass


class Slow:
    def __init__(self):
        self.calls = 0

    def load(self):
        return EngineInfo("tts", "slow", {}, "1")

    def stream(self):
        return SlowStream(self)

    def work(self, seconds):
        self.calls += 1
        time.sleep(seconds)
        return self.calls

    def count(self):
        return self.calls


class SlowStream:
    def __init__(self, engine):
        self.engine = engine
        self.fed = 0

    def feed(self, seconds):
        self.fed += 1
        self.engine.work(seconds)

    def finish(self):
        return self.fed

    def close(self):
        pass
