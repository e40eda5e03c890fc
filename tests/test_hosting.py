"""Worker processes: one that dies fails what it had, is replaced, and none is left behind."""

import asyncio
import os
import signal
from pathlib import Path

import pytest

from tests.test_engines import SPEECH
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.clip import SPEECH_RATE_HZ
from voicelab.engines import Blueprint
from voicelab.errors import EngineError, EngineMissingError
from voicelab.hosting import Host


def children() -> set[int]:
    """The ids of this process's own children that are alive."""
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
    host = await Host(RECOGNIZERS.blueprint("pocketsphinx"), 1).open()
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
    host = await Host(RECOGNIZERS.blueprint("pocketsphinx"), 1).open()
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
    target = Blueprint("asr", "broken", "tests.test_hosting:Broken", "process", {})
    with pytest.raises(EngineMissingError, match="broken: install the thing"):
        await Host(target, 2).open()
    assert children() == before


@pytest.mark.parametrize("isolation", ["process", "thread"])
async def test_what_an_engine_raises_becomes_an_engine_error(isolation):
    host = await Host(Blueprint("tts", "odd", "tests.test_hosting:Odd", isolation, {})).open()
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


class Odd:
    def load(self):
        from voicelab.engines import EngineInfo

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
