"""One turn over the WebSocket: the events and their order."""

from __future__ import annotations

import asyncio
import base64
import json

import pytest

from tests.support.replies import decode_packets, reply_clip
from tests.support.serving import TONE, Answer, Served, container, talking
from voicelab.audio import decoding
from voicelab.audio.clip import Clip
from voicelab.audio.encoder import REPLY_RATE_HZ
from voicelab.audio.opus import encode_ogg, encode_packets
from voicelab.pipeline.stage_times import StageTimes

OGG = encode_ogg(TONE)


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def heard_s(answer: Answer) -> float:
    """Seconds of audio that reached the recognizer, from its transcript."""
    return float(answer.one("transcription")["text"].split()[2])


async def test_a_turn_is_one_transcription_one_response_then_audio_of_which_the_last_is_final(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(user_id="ada")
        await talker.say([OGG])
        answer = await talker.answer()
        chunks = answer.all("audio_chunk")
        assert answer.names == ["transcription", "agent_response"] + ["audio_chunk"] * len(chunks)
        assert [chunk["is_final"] for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
        assert all(answer.chunks)
        assert {data["session_id"] for _, data in answer.events} == {session["session_id"]}
        assert answer.one("agent_response").keys() == {"text", "intent", "entities", "session_id"}
        assert answer.one("agent_response")["text"] == f"Turn 1. {answer.one('transcription')['text']}."
        assert chunks[0].keys() == {"audio_chunk", "format", "is_final", "session_id"}


async def test_the_seeds_own_messages_are_enough(served: Served) -> None:
    """A client with the oldest version of the protocol: init with a null session, one chunk, opus."""
    async with talking(served, query="?user_id=seed") as talker:
        await talker.send("init", user_id="seed", session_id=None)
        assert (await talker.expect("session_start"))["user_id"] == "seed"
        await talker.say([OGG])
        assert "error" not in (await talker.answer()).names


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
async def test_a_container_may_be_cut_anywhere(served: Served, size: int) -> None:
    async with talking(served) as talker:
        await talker.init()
        head, tail = OGG[:60], OGG[60:]
        await talker.say([*cut(head, size), *cut(tail, 997)])
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.03)


async def test_raw_opus_packets(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say(encode_packets(TONE))
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 48_000])
async def test_pcm16_at_its_rate_cut_even_inside_a_sample(served: Served, rate_hz: int) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say(cut(TONE.at_rate(rate_hz).to_pcm16(), 3_333), format="pcm16", sample_rate=rate_hz)
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.03)


async def test_pcm16_is_16_khz_unless_it_says_so(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([TONE.to_pcm16()], format="pcm16")
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize(
    ("form", "codec"), [("webm", "libopus"), ("mp3", "libmp3lame"), ("wav", "pcm_s16le"), ("flac", "flac")]
)
@pytest.mark.parametrize("name", ["opus", "pcm16", "audio/webm"])
async def test_a_container_is_known_by_its_bytes_whatever_format_says(
    served: Served, form: str, codec: str, name: str
) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([container(TONE, form, codec)], format=name)
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.03)


async def test_format_may_be_left_out(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        for number, packet in enumerate(packets := encode_packets(TONE), start=1):
            frame = {"audio_chunk": _base64(packet), "is_final": number == len(packets)}
            await talker.send("audio_chunk", **frame)
        assert "transcription" in (await talker.answer()).names


async def test_an_empty_last_chunk_ends_the_turn(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([OGG, b""])
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.03)


@pytest.mark.parametrize("form", ["opus", "opus_packets", "wav", "pcm16", "mulaw", "alaw"])
async def test_the_reply_comes_in_the_format_asked_for(served: Served, form: str) -> None:
    async with talking(served) as talker:
        await talker.init(audio_format=form)
        # Five words and two sentences: the fake voice says three words a second.
        await talker.send("text", text="one two three")
        answer = await talker.answer()
        assert {chunk["format"] for chunk in answer.all("audio_chunk")} == {form}
        if form == "opus_packets":
            clip = decode_packets(answer.chunks, REPLY_RATE_HZ)
        else:
            clip = reply_clip(answer.audio, form)  # type: ignore[arg-type]
        assert clip.duration_s == pytest.approx(5 / 3, abs=0.03 if form == "opus_packets" else 0.001)
        assert clip.level_dbfs == pytest.approx(-17, abs=1)


async def test_the_default_reply_is_an_ogg_opus_file(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([OGG])
        audio = (await talker.answer()).audio
        assert audio.startswith(b"OggS")
        assert decoding.opus_packets(audio)


async def test_a_reply_of_two_sentences_leaves_in_pieces(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.send("text", text="First. Then a second one")
        assert len((await talker.answer()).chunks) > 1


async def test_metrics_come_before_the_final_chunk_to_who_asks(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init(events=["turn_metrics"])
        await talker.say([OGG])
        answer = await talker.answer()
        assert answer.names[-2:] == ["turn_metrics", "audio_chunk"]
        metrics = answer.one("turn_metrics")
        beside = {"candidates", "tool_calls", "changes", "usage", "session_id"}
        assert metrics.keys() == StageTimes.model_fields.keys() | beside
        assert metrics["audio_s"] == pytest.approx(1.0, abs=0.03)
        assert all(metrics[name] is not None for name in StageTimes.model_fields)


async def test_who_does_not_ask_gets_no_metrics(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.say([OGG])
        assert "turn_metrics" not in (await talker.answer()).names


async def test_a_typed_turn_is_answered_like_a_spoken_one(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init(events=["turn_metrics"])
        await talker.send("text", text="  hello there ")
        answer = await talker.answer()
        assert [name for name in answer.names if name != "audio_chunk"] == ["agent_response", "turn_metrics"]
        assert answer.one("agent_response")["text"] == "Turn 1. hello there."
        assert answer.one("turn_metrics")["asr_s"] is None
        (turn,) = served.turns(session["session_id"])
        assert (turn["kind"], turn["transcription"], turn["audio_bytes_in"]) == ("typed", "hello there", 0)


async def test_a_heartbeat_is_answered_before_and_after_init(served: Served) -> None:
    async with talking(served) as talker:
        await talker.socket.send('{"event": "heartbeat"}')
        assert await talker.expect("heartbeat") == {"session_id": None}
        session = await talker.init()
        await talker.send("heartbeat")
        assert await talker.expect("heartbeat") == {"session_id": session["session_id"]}


async def test_a_heartbeat_between_the_chunks_of_a_turn_leaves_it_whole(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        await talker.send("audio_chunk", audio_chunk=_base64(OGG[:500]), format="opus", is_final=False)
        await talker.send("heartbeat")
        await talker.expect("heartbeat")
        await talker.say([OGG[500:]])
        assert heard_s(await talker.answer()) == pytest.approx(1.0, abs=0.03)


async def test_turns_follow_each_other_and_the_agent_knows_those_before(served: Served) -> None:
    async with talking(served) as talker:
        await talker.init()
        for number in (1, 2, 3):
            await talker.say([OGG])
            assert (await talker.answer()).one("agent_response")["text"].startswith(f"Turn {number}.")


async def test_a_turn_is_on_disk_when_its_final_chunk_arrives(served: Served) -> None:
    async with talking(served) as talker:
        session = await talker.init()
        await talker.say(cut(OGG, 1000))
        answer = await talker.answer()
        (turn,) = served.turns(session["session_id"])
        assert turn["number"] == 1
        assert turn["kind"] == "spoken"
        assert turn["transcription"] == answer.one("transcription")["text"]
        assert turn["agent_response"] == answer.one("agent_response")["text"]
        assert turn["intent"] == "echo"
        assert turn["audio_bytes_in"] == len(OGG)
        assert turn["audio_bytes_out"] == len(answer.audio)
        assert turn["error"] is None
        assert json.loads(turn["stage_times"])["tts_s"] > 0


async def test_clients_at_once_never_hear_each_others_words(served: Served) -> None:
    async def converse(number: int) -> None:
        clip = Clip.join([TONE] * number)
        async with talking(served) as talker:
            await talker.init(user_id=f"user-{number}")
            for turn in (1, 2):
                await talker.say(cut(clip.to_pcm16(), 8_000), format="pcm16")
                answer = await talker.answer()
                assert answer.one("transcription")["text"] == f"you spoke {number:.2f} seconds"
                assert answer.one("agent_response")["text"] == f"Turn {turn}. you spoke {number:.2f} seconds."

    await asyncio.gather(*(converse(number) for number in range(1, 7)))


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
