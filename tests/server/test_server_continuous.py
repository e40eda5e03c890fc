"""In a continuous stream every utterance is detected completely and answered; speech interrupts a reply, a cough does
not.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter, sleep
from typing import Any

import httpx
import numpy as np
import onnxruntime
import pytest
from websockets.exceptions import ConnectionClosed

from tests.support.serving import Served, Talker, container, serving, talking, until
from tests.support.tones import tone
from tests.support.voices import chunked, cough, in_a_room, spoken
from voicelab.agent.fake import FakeAgent
from voicelab.asr.fake import FakeStream
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import encode_ogg, encode_packets

LONG = " ".join(f"Sentence number {number} is this one." for number in range(1, 61))
ASKED = ["speech_started", "speech_stopped", "partial_transcription"]
PADDING_S = 0.3
FRAME_S = 0.032


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The fake recognizer returns the amount of audio; replies are short, so nothing interrupts them."""
    folder = tmp_path_factory.mktemp("served")
    with serving(folder, vad="energy", tts="fake:words_per_s=5000", realtime_slack_s=60) as running:
        yield running


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The recognizer always returns a backchannel, and the reply lasts two minutes."""
    folder, asr, agent = tmp_path_factory.mktemp("talkative"), "fake:text=uh-huh", f"fake:text={LONG}"
    with serving(folder, vad="energy", asr=asr, agent=agent, realtime_slack_s=60) as running:
        yield running


async def turn(talker: Talker) -> dict[str, dict[str, Any]]:
    """The events of a turn, the last one of each name; checks their order."""
    found: dict[str, dict[str, Any]] = {}
    while not found.get("audio_chunk", {}).get("is_final"):
        name, data = await talker.receive()
        assert name not in ("error", "interrupted"), data
        found[name] = data
    order = ["speech_started", "speech_stopped", "transcription", "agent_response", "audio_chunk"]
    assert [name for name in found if name != "partial_transcription"] == order
    return found


@asynccontextmanager
async def in_stream(served: Served, **init: Any) -> Any:
    async with talking(served) as talker:
        await talker.init(mode="continuous", events=ASKED, **init)
        yield talker


def heard_s(events: dict[str, dict[str, Any]]) -> float:
    return float(events["transcription"]["text"].split()[2])


async def test_utterances_are_found_and_answered_while_more_is_read(served: Served) -> None:
    async with in_stream(served) as talker:
        await talker.stream(chunked(in_a_room(1.0, tone(1.0), after_s=1.5), 1))
        first = await turn(talker)
        assert first["speech_started"]["at_s"] == pytest.approx(1.0, abs=2 * FRAME_S)
        assert first["speech_stopped"]["at_s"] == pytest.approx(2.0, abs=2 * FRAME_S)
        assert first["speech_stopped"]["silence_s"] >= 0.3
        assert heard_s(first) >= 1.0 + PADDING_S
        await talker.stream(chunked(in_a_room(3.0, tone(0.5), after_s=1.5), 2))
        second = await turn(talker)
        assert second["speech_started"]["at_s"] == pytest.approx(3.5 + 3.0, abs=2 * FRAME_S)


async def test_a_word_of_200_ms_is_a_turn(served: Served) -> None:
    async with in_stream(served) as talker:
        await talker.stream(chunked(in_a_room(0.7, tone(0.2), after_s=1.5), 3))
        assert heard_s(await turn(talker)) >= 0.2 + PADDING_S


async def test_speech_at_the_very_first_sample_is_heard_whole(served: Served) -> None:
    async with in_stream(served) as talker:
        await talker.stream(chunked(in_a_room(tone(1.0), after_s=1.5), 4))
        events = await turn(talker)
        assert events["speech_started"]["at_s"] == 0
        assert heard_s(events) >= 1.0


async def test_a_pause_inside_a_sentence_does_not_end_it(served: Served) -> None:
    async with in_stream(served) as talker:
        await talker.stream(chunked(in_a_room(0.5, tone(1.0), 0.4, tone(0.6), after_s=1.5), 5))
        events = await turn(talker)
        assert events["speech_stopped"]["at_s"] == pytest.approx(2.5, abs=2 * FRAME_S)
        assert heard_s(events) >= 2.0 + PADDING_S


async def test_chunks_that_come_up_to_50_ms_late_lose_nothing(served: Served) -> None:
    chance = np.random.default_rng(6)
    async with in_stream(served) as talker:
        for piece in chunked(in_a_room(0.3, tone(0.5), after_s=1.2), 6, 0.04):
            await talker.stream([piece])
            await asyncio.sleep(float(chance.uniform(0, 0.05)))
        assert heard_s(await turn(talker)) >= 0.5 + PADDING_S


@pytest.mark.parametrize("form", ["packets", "ogg", "heap"])
async def test_the_stream_may_be_opus_a_container_or_come_in_a_heap(served: Served, form: str) -> None:
    sound = in_a_room(0.5, tone(1.0), after_s=0.2)
    async with in_stream(served) as talker:
        if form == "packets":
            await talker.say(encode_packets(sound))
        elif form == "ogg":
            data = encode_ogg(sound)
            await talker.say([data[start : start + 999] for start in range(0, len(data), 999)])
        else:
            await talker.stream([sound], is_final=True)
        assert heard_s(await turn(talker)) >= 1.0 + PADDING_S
        # The stream has ended; positions in the next one start again.
        await talker.stream([in_a_room(0.5, tone(1.0), after_s=1.5)])
        assert (await turn(talker))["speech_started"]["at_s"] == pytest.approx(0.5, abs=2 * FRAME_S)


async def test_two_utterances_in_one_chunk_are_two_turns(served: Served) -> None:
    async with in_stream(served) as talker:
        await talker.stream([in_a_room(0.5, tone(1.0), 1.5, tone(1.0), after_s=1.5)])
        answers = [await talker.answer(), await talker.answer()]
        starts = [data["at_s"] for answer in answers for data in answer.all("speech_started")]
        assert starts == pytest.approx([0.5, 3.0], abs=2 * FRAME_S)
        assert sum(len(answer.all("transcription")) for answer in answers) == 2


async def test_speech_stops_the_reply_and_is_the_next_turn(talkative: Served) -> None:
    """Two seconds of speech interrupt even if they are only a backchannel."""
    async with in_stream(talkative, turn_ids=True) as talker:
        await talker.stream([in_a_room(tone(1.0), after_s=1.5)])
        old = (await talker.read_to("audio_chunk")).events[-1][1]["turn_id"]
        await talker.stream(chunked(in_a_room(0.5, tone(2.0), after_s=1.5), 7), pace=0.1)
        stopped = await talker.read_to("interrupted")
        assert set(stopped.names) == {"audio_chunk", "interrupted"}
        data = stopped.one("interrupted")
        assert data["turn_id"] == old
        assert 0 < data["stop_ms"] < 5_000
        assert LONG.startswith(data["said"])
        started = await talker.expect("speech_started")
        assert started["turn_id"] != old
        assert (await talker.read_to("audio_chunk")).events[-1][1]["turn_id"] == started["turn_id"]
        assert [kept["error"] for kept in talkative.turns(data["session_id"])] == ["interrupted"]


async def test_a_short_request_over_a_reply_is_a_turn_even_if_its_words_are_known_late(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Speech of half a second without words would be a cough."""
    partial = FakeStream.partial
    monkeypatch.setattr(FakeStream, "partial", lambda stream: sleep(1.5) or partial(stream))
    with serving(tmp_path, vad="energy", asr="fake:text=stop that", agent=f"fake:text={LONG}") as served:
        async with in_stream(served, turn_ids=True) as talker:
            await talker.stream([in_a_room(tone(1.0), after_s=1.5)])
            await talker.read_to("audio_chunk")
            await talker.stream(chunked(in_a_room(0.5, tone(0.5), after_s=1.5), 8), pace=0.1)
            stopped = await talker.read_to("interrupted")
            assert LONG.startswith(stopped.one("interrupted")["said"])
            await talker.read_to("transcription")


async def test_a_cough_during_a_reply_is_as_if_it_had_not_been(talkative: Served) -> None:
    async with in_stream(talkative, turn_ids=True) as talker:
        await talker.stream([in_a_room(tone(1.0), after_s=1.5)])
        await talker.read_to("audio_chunk")
        await talker.stream(chunked(in_a_room(0.5, cough(), after_s=2.0), 8), pace=0.1)
        await talker.send("heartbeat")
        assert set((await talker.read_to("heartbeat")).names) == {"audio_chunk", "heartbeat"}
        assert (await talker.expect("audio_chunk"))["is_final"] is False


async def test_a_cough_while_an_utterance_waits_for_its_answer_is_no_turn_either(talkative: Served) -> None:
    """All in one chunk: at the cough, no reply has started yet."""
    async with in_stream(talkative) as talker:
        await talker.stream([in_a_room(tone(1.0), 1.5, cough(), after_s=1.5)])
        names = (await talker.read_to("audio_chunk")).names
        await talker.send("interrupt")
        await talker.send("text", text="go on")
        names += (await talker.read_to("agent_response")).names
        assert (names.count("agent_response"), names.count("transcription")) == (2, 1)


async def test_a_reply_that_was_sent_but_is_still_heard_is_stopped_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reply of six seconds, sent long before it is played; only the played part is remembered."""
    text = " ".join(["word"] * 18)
    seen, respond = [], FakeAgent.respond
    monkeypatch.setattr(FakeAgent, "respond", lambda *given: seen.append(given[2].exchanges) or respond(*given))
    with serving(tmp_path, vad="energy", agent=f"fake:text={text}", reply_lead_s=30, realtime_slack_s=60) as served:
        async with in_stream(served) as talker:
            await talker.stream([in_a_room(tone(1.0), after_s=1.5)])
            await turn(talker)
            begun_s = perf_counter()
            await talker.stream(chunked(in_a_room(0.5, tone(1.2), after_s=0.1), 9), pace=1)
            interrupted = await talker.expect("interrupted")
            assert 1 < len(interrupted["said"].split()) < 3 * (perf_counter() - begun_s + 0.3)
            assert interrupted["changes"] is None
            await talker.stream([Clip.silence(1.5)])
            await turn(talker)
            first, _ = served.turns(interrupted["session_id"])
            assert (first["agent_response"], first["error"]) == (interrupted["said"], None)
            # A speculative answer may call the agent twice.
            known = dict.fromkeys(tuple(exchange.answer for exchange in exchanges) for exchanges in seen)
            assert list(known) == [(), (interrupted["said"],)]


async def test_a_text_in_between_is_a_turn_of_its_own(served: Served) -> None:
    async with in_stream(served) as talker:
        await talker.stream([Clip.silence(0.5)])
        await talker.send("text", text="typed")
        assert (await talker.answer()).names[0] == "agent_response"
        await talker.stream([in_a_room(10.0, tone(1.0), after_s=1.5)])
        await turn(talker)


async def test_two_streams_do_not_mix(served: Served) -> None:
    async with in_stream(served) as one, in_stream(served) as other:
        short, long = chunked(in_a_room(0.5, tone(0.6), after_s=1.5), 1), chunked(in_a_room(tone(3.0), after_s=1.5), 2)
        await asyncio.gather(one.stream(short, pace=0.05), other.stream(long, pace=0.05))
        first, second = await asyncio.gather(turn(one), turn(other))
        assert 0.6 + PADDING_S <= heard_s(first) < 2.5 < 3.0 <= heard_s(second)
        assert first["transcription"]["session_id"] != second["transcription"]["session_id"]


async def test_a_chunk_that_cannot_be_read_costs_itself(served: Served) -> None:
    async with in_stream(served) as talker:
        packets = encode_packets(in_a_room(0.5, tone(1.0), after_s=1.5))
        for packet in [*packets[:40], b"\xff\xff\xff", *packets[40:]]:
            text = base64.b64encode(packet).decode()
            await talker.send("audio_chunk", audio_chunk=text, format="opus", is_final=False)
        await talker.send("audio_chunk", audio_chunk="*", format="opus", is_final=False)
        events = [(await talker.answer())]
        while events[-1].events[-1][0] == "error":
            events.append(await talker.answer())
        assert {data["code"] for answer in events for data in answer.all("error")} <= {"bad_audio", "bad_base64"}
        assert sum(len(answer.all("transcription")) for answer in events) == 1


async def test_a_stream_faster_than_twice_real_time_is_closed(tmp_path: Path) -> None:
    with serving(tmp_path, vad="energy", realtime_slack_s=2) as served:
        async with in_stream(served) as talker:
            await talker.stream([Clip.silence(3.0)])
            await talker.refusal("too_fast")


async def test_a_small_file_that_unpacks_to_hours_is_not_unpacked(tmp_path: Path) -> None:
    """Audio before an utterance is limited like a turn, although the stream is endless."""
    bomb = container(Clip.silence(600), "flac", "flac")
    with serving(tmp_path, vad="energy", max_turn_s=5, realtime_slack_s=20) as served:
        async with in_stream(served) as talker:
            for piece in (bomb[:-1], bomb[-1:]):
                text = base64.b64encode(piece).decode()
                await talker.send("audio_chunk", audio_chunk=text, format="opus", is_final=piece == bomb[-1:])
            assert (await talker.expect("error"))["code"] in ("turn_too_long", "too_fast")


async def test_utterances_that_are_dropped_leave_no_streams_behind(talkative: Served) -> None:
    assert talkative.services is not None
    async with in_stream(talkative) as talker:
        await talker.stream([in_a_room(tone(1.0), after_s=1.5)])
        await talker.read_to("audio_chunk")
        for _ in range(5):
            await talker.stream(chunked(in_a_room(0.5, tone(0.3), after_s=2.0), 8))
        await talker.send("interrupt")
        await talker.read_to("interrupted")
        await talker.stream([in_a_room(3.0, tone(0.5), after_s=0.1)])
        await talker.expect("speech_started")
    lanes = talkative.services.pipeline.asr._workers
    await asyncio.to_thread(until, lambda: sum(lane.open_streams for lane in lanes) == 0)


async def test_an_utterance_without_an_end_is_too_long(tmp_path: Path) -> None:
    with serving(tmp_path, vad="energy", max_turn_s=2, realtime_slack_s=60) as served:
        async with in_stream(served) as talker:
            await talker.stream(chunked(in_a_room(tone(3.0), 2.0, tone(0.5), after_s=1.5), 3))
            assert (await talker.read_to("error")).one("error")["code"] == "turn_too_long"
            await turn(talker)


async def test_what_is_half_heard_when_the_client_leaves_is_dropped(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(mode="continuous", events=ASKED)
        await talker.stream([in_a_room(0.5, tone(1.0), after_s=0.1)])
        await talker.expect("speech_started")
    await asyncio.to_thread(until, lambda: served.services is not None and not served.services.connections)
    assert served.turns(session["session_id"]) == []


async def test_synthesized_speech_with_a_pause_is_one_turn_for_silero(tmp_path: Path) -> None:
    words = spoken("what is the price of", "apple", "stop")
    sentence = (words["what is the price of"], 0.4, words["apple"])
    with serving(tmp_path, asr="fake:text=tell me the price of apple", agent=f"fake:text={LONG}") as served:
        async with in_stream(served) as talker:
            await talker.stream(chunked(in_a_room(0.5, *sentence, after_s=1.6), 5), pace=0.3)
            names = (await talker.read_to("audio_chunk")).names
            assert [name for name in names if name.startswith("speech")] == ["speech_started", "speech_stopped"]
            await talker.stream(chunked(in_a_room(0.5, cough(), after_s=1.0), 6), pace=0.3)
            await talker.stream(chunked(in_a_room(words["stop"], words["apple"], after_s=1.6), 7), pace=0.3)
            names = (await talker.read_to("transcription")).names
            told = [name for name in names if name not in ("audio_chunk", "partial_transcription")]
            assert told == ["interrupted", "speech_started", "speech_stopped", "transcription"]


async def test_all_connections_share_one_session_of_the_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, session = [], onnxruntime.InferenceSession
    monkeypatch.setattr(
        onnxruntime, "InferenceSession", lambda *given, **named: made.append(1) or session(*given, **named)
    )
    with serving(tmp_path, vad="silero") as served:
        async with in_stream(served) as one, in_stream(served) as two, in_stream(served) as three:
            for talker in (one, two, three):
                await talker.stream([Clip.silence(0.5)])
                await talker.send("heartbeat")
                await talker.expect("heartbeat")
    assert made == [1]


@pytest.mark.parametrize(("vad", "modes"), [("energy", 3), ("none", 2)])
def test_the_status_lists_the_modes(tmp_path: Path, vad: str, modes: int) -> None:
    with serving(tmp_path, vad=vad) as served:
        status = httpx.get(f"{served.http}/ws/status/audio", trust_env=False).json()
        assert status["modes"] == ["turns", "realtime", "continuous"][:modes]


async def test_sound_that_comes_too_fast_while_a_typed_turn_is_answered_ends_the_connection(tmp_path: Path) -> None:
    """Regression: after the error, the connection stayed open and the reply continued in an orphaned task."""
    with serving(tmp_path, vad="energy", agent=f"fake:text={LONG}", realtime_slack_s=2) as served:
        async with in_stream(served) as talker:
            await talker.send("text", text="go on")
            await talker.read_to("audio_chunk")
            await talker.stream([Clip.silence(3.0)])
            assert (await talker.read_to("error")).one("error")["code"] == "too_fast"
            with pytest.raises(ConnectionClosed):
                await talker.receive()
        assert (talker.socket.close_code, talker.socket.close_reason) == (1008, "too_fast")
        assert [turn["error"] for turn in served.rows("SELECT error FROM turns")] == ["too_fast"]


async def test_sound_without_speech_is_told_once_and_only_to_who_asked(tmp_path: Path) -> None:
    """As with a quiet microphone or a noisy line."""
    noise = np.random.default_rng(3).standard_normal(4 * SPEECH_RATE_HZ) * 10 ** (-48 / 20)
    sound = Clip.join([Clip.silence(2.0), Clip(noise.astype(np.float32), SPEECH_RATE_HZ)])
    with serving(tmp_path, vad="silero", realtime_slack_s=60) as served:
        for events in (["no_speech_detected"], []):
            async with talking(served) as talker:
                session_id = (await talker.init(mode="continuous", events=[*ASKED, *events]))["session_id"]
                await talker.stream(chunked(sound, seed=1))
                await talker.send("heartbeat")
                if events:
                    told = await talker.expect("no_speech_detected")
                    assert told["at_s"] == pytest.approx(3.0, abs=0.3)
                    assert told["level_dbfs"] == pytest.approx(-48, abs=1)
                assert await talker.receive() == ("heartbeat", {"session_id": session_id}), "once"


async def test_a_quiet_room_is_no_sound_and_speech_begins_the_count_again(served: Served) -> None:
    room = in_a_room(Clip.silence(4.0))
    async with talking(served) as talker:
        await talker.init(mode="continuous", events=["no_speech_detected"])
        await talker.stream(chunked(Clip.join([Clip.silence(1.0), tone(1.0), Clip.silence(2.0), room]), seed=2))
        names = (await talker.answer()).names
        await talker.send("heartbeat")
        assert "no_speech_detected" not in [*names, (await talker.receive())[0]]
