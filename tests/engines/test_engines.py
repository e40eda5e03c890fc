"""Every engine in every table follows the same contract; errors list the known names."""

from dataclasses import asdict, replace

import numpy as np
import pytest

from tests.support import tiny_sensevoice
from tests.support.agents import agent_spec
from tests.support.extras import tried
from tests.support.speech import SET, SPEECH
from tests.support.tiny_engines import tried_with
from voicelab.agent.base import Dialogue
from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.engines.spec import Catalog, EngineSpec, Entry
from voicelab.errors import EngineMissingError, InputError
from voicelab.pipeline.reply_text import ReplyText
from voicelab.tts.catalog import VOICES


@pytest.fixture
def speech() -> Clip:
    return SPEECH.clip().at_rate(SPEECH_RATE_HZ)


async def hear(host: EnginePool, clip: Clip, piece_s: float | None = None) -> str:
    stream = host.stream()
    try:
        if piece_s is None:
            await stream.post("feed", clip)
        else:
            for start in np.arange(0, clip.duration_s, piece_s):
                await stream.post("feed", clip.between(start, start + piece_s))
        transcript = await stream.call("finish")
        assert stream.busy_s > 0
        return str(transcript.text)
    finally:
        await stream.close()


@pytest.mark.parametrize("name", tried(RECOGNIZERS))
async def test_recognizer(name, speech, tmp_path, monkeypatch):
    if name == "sensevoice":
        speech = tiny_sensevoice.recording("hello")
    with tried_with(name, tmp_path, monkeypatch) as spec:
        await keeps_the_recognizers_contract(name, spec, speech)


async def keeps_the_recognizers_contract(name, spec, speech):
    host = await EnginePool(RECOGNIZERS.config(spec), 1).open()
    try:
        check_info(host, "asr", name)
        before = speech.samples.copy()
        whole = await hear(host, speech)
        assert whole, "speech is heard"
        assert await hear(host, speech, 0.02) == whole, "streamed in 20 ms frames: the same text"
        assert await hear(host, Clip.silence(1.0)) == "", "silence is no words"
        others = [SET.sample(name).clip().at_rate(SPEECH_RATE_HZ) for name in ("price_intc", "watchlist_remove_intc")]
        forward = [await hear(host, clip) for clip in others]
        backward = [await hear(host, clip) for clip in reversed(others)]
        assert forward == backward[::-1], "what came before does not matter"
        assert await hear(host, speech) == whole
        np.testing.assert_array_equal(speech.samples, before)
        half, other = host.stream(), host.stream()
        await half.post("feed", speech.between(0, 1))
        await other.post("feed", speech)
        assert (await other.call("finish")).text == whole, "an utterance that is open beside it does not matter"
        await half.close()
        await other.close()
    finally:
        await host.close()


@pytest.mark.parametrize("name", tried(AGENTS))
async def test_agent(name, tmp_path, monkeypatch):
    heard, nonsense = "what's the latest news about apple", "zzz"
    with agent_spec(name, tmp_path, monkeypatch, heard, nonsense) as spec:
        host = await EnginePool(AGENTS.config(spec)).open()
        try:
            check_info(host, "agent", name)
            reply = await answer(host, heard)
            assert reply.text.strip()
            assert reply.intent
            again = await answer(host, heard)
            assert replace(again, usage=reply.usage) == reply, "the same words, the same answer"
            assert (await answer(host, nonsense)).text.strip(), "there is always an answer"
        finally:
            await host.close()


async def answer(host, heard):
    text = ReplyText(host, heard, Dialogue())
    try:
        return await text.whole()
    finally:
        await text.close()


@pytest.mark.parametrize("name", tried(VOICES))
async def test_voice(name, tmp_path, monkeypatch):
    with tried_with(name, tmp_path, monkeypatch) as spec:
        await keeps_the_voices_contract(name, spec)


async def keeps_the_voices_contract(name, spec):
    host = await EnginePool(VOICES.config(spec)).open()
    try:
        check_info(host, "tts", name)
        short = await host.call("speak", "Good morning.")
        longer = await host.call("speak", "Good morning, and here is the latest news about the market.")
        assert 0.2 < short.duration_s < longer.duration_s
        assert short.level_dbfs > -40
        again = await host.call("speak", "Good morning.")
        assert again.duration_s == pytest.approx(short.duration_s, abs=0.005), "said again, it is said alike"
        assert again.level_dbfs == pytest.approx(short.level_dbfs, abs=0.5)
    finally:
        await host.close()


def check_info(host: EnginePool, kind: str, name: str) -> None:
    info = asdict(host.info)
    assert (info["kind"], info["name"]) == (kind, name)
    assert info["revision"]
    assert info["licence"]
    assert info["load_s"] > 0


@pytest.mark.parametrize("catalog", [RECOGNIZERS, AGENTS, VOICES], ids=lambda catalog: catalog.kind)
def test_what_is_not_in_the_table_is_listed(catalog):
    with pytest.raises(InputError, match=rf"unknown {catalog.kind} engine 'nope'; known: .*fake"):
        catalog.config("nope")
    with pytest.raises(InputError, match="has no option 'colour'; its options: "):
        catalog.config("fake:colour=red")


def test_options_are_read_by_their_type():
    assert VOICES.config("espeak:words_per_minute=120").options["words_per_minute"] == 120
    with pytest.raises(InputError, match="option words_per_minute takes a value of type int, not 'fast'"):
        VOICES.config("espeak:words_per_minute=fast")
    with pytest.raises(InputError, match="write options as espeak:option=value"):
        VOICES.config("espeak:fast")
    assert AGENTS.config("rules:market=none").options["market"] is None


@pytest.mark.parametrize("text", ["espeak", "espeak:voice=de", "rules:market=a b,threshold=0.9"])
def test_the_written_form_of_a_spec_round_trips(text):
    assert str(EngineSpec.parse(text)) == text


def test_an_engine_that_is_not_installed_names_the_extra():
    entry = Entry("voicelab.asr.absent:Absent", "not here", extra="absent", packages=("no-such-package-at-all",))
    with pytest.raises(EngineMissingError, match=r"pip install 'voicelab\[absent\]'"):
        Catalog("asr", {"absent": entry}).config("absent")


async def test_a_voice_that_does_not_exist_is_an_error_and_no_substitute():
    with pytest.raises(Exception, match="unknown voice 'klingon-x'"):
        await EnginePool(VOICES.config("espeak:voice=klingon-x")).open()


@pytest.mark.parametrize("name", ["fake", "moonshine", "pocketsphinx"])
def test_what_was_heard_so_far_changes_nothing_of_the_end(name):
    engine = RECOGNIZERS.config(name).build()
    engine.load()
    clip = SPEECH.clip().at_rate(SPEECH_RATE_HZ)
    texts, partials = [], []
    for asks in (False, True):
        stream = engine.stream()
        for start in range(0, len(clip.samples), 8_000):
            stream.feed(Clip(clip.samples[start : start + 8_000], SPEECH_RATE_HZ))
            partials += [stream.partial()] if asks else []
        texts.append(stream.finish().text)
        stream.close()
    assert texts[0] == texts[1]
    assert "latest news" in partials[-1] or name == "fake"
    assert partials[-1]
