"""A turn: its events and their order, its times, and its errors."""

import pytest

from tests.support.speech import SET, SPEECH
from voicelab.agent.base import Dialogue
from voicelab.audio import decoding, opus
from voicelab.audio.clip import Clip
from voicelab.errors import EngineError, InputError, NoSpeechError
from voicelab.pipeline.pipeline import Pipeline
from voicelab.pipeline.turn import Turn
from voicelab.pipeline.turn_events import AgentAnswer, Recognition, SpokenReply


@pytest.fixture
async def pipeline():
    opened = await Pipeline.open("fake:text=show me the news", "fake:text=One. Two. Three.", "fake")
    yield opened
    await opened.close()


async def take(pipeline: Pipeline, chunks: list[bytes], **options) -> tuple[Turn, list]:
    turn = Turn(pipeline, Dialogue(), **options)
    try:
        for chunk in chunks:
            await turn.receive(chunk)
        return turn, [event async for event in turn.finish()]
    finally:
        await turn.close()


async def test_events_come_in_order(pipeline):
    turn, events = await take(pipeline, [SPEECH.audio_bytes()])
    assert [type(event) for event in events[:2]] == [Recognition, AgentAnswer]
    spoken = events[2:]
    assert all(isinstance(event, SpokenReply) for event in spoken)
    assert [event.last for event in spoken] == [False] * (len(spoken) - 1) + [True]
    assert len(spoken) == 4, "three sentences; the beginning of the first leaves alone"
    times = turn.times
    assert times.audio_s == pytest.approx(2.68, abs=0.03)
    for name in ("decode_s", "asr_s", "asr_busy_s", "agent_s", "tts_first_s", "tts_s", "encode_s"):
        assert getattr(times, name) > 0, name
    assert times.tts_first_s < times.tts_s
    assert times.reply_audio_s == pytest.approx(1.0, abs=0.01)


async def test_the_first_sentence_leaves_before_the_second_is_made(pipeline):
    turn = Turn(pipeline, Dialogue())
    await turn.receive(SPEECH.audio_bytes())
    async for event in turn.finish():
        if isinstance(event, SpokenReply):
            assert turn.times.tts_s == turn.times.tts_first_s
            break
    await turn.close()


@pytest.mark.parametrize("clauses", ["true", "false"])
async def test_the_opening_clause_of_a_long_sentence_leaves_before_the_rest_is_made(clauses):
    text = "The opening clause: the rest of this long sentence is still to be spoken then."
    opened = await Pipeline.open("fake", f"fake:text={text}", f"fake:clauses={clauses},words_per_s=20")
    turn = Turn(opened, Dialogue())
    try:
        spoken = [event async for event in turn.answer("hello") if isinstance(event, SpokenReply)]
    finally:
        await turn.close()
        await opened.close()
    assert [event.last for event in spoken] == [False] * (len(spoken) - 1) + [True]
    assert turn.times.reply_audio_s == pytest.approx(15 / 20, abs=0.03), "no word is lost"
    assert (turn.times.tts_first_s < turn.times.tts_s) == (clauses == "true")
    assert turn.played_text(0.16) == ("The opening clause:" if clauses == "true" else "The opening")


async def test_silence_is_no_speech(pipeline):
    with pytest.raises(NoSpeechError, match="no speech was recognized"):
        await take(pipeline, [opus.encode_ogg(Clip.silence(0.5))])


@pytest.mark.parametrize(
    ("chunks", "complaint"),
    [
        ([], "no audio"),
        ([b"OggS broken in every way"], "cannot be decoded"),
        ([b"\xff" * 9], "neither a known container nor an Opus packet"),
    ],
)
async def test_bad_audio_is_an_input_error(pipeline, chunks, complaint):
    with pytest.raises(InputError, match=complaint):
        await take(pipeline, chunks)


async def test_too_much_audio_is_an_input_error(pipeline):
    with pytest.raises(InputError, match="exceeds the maximum of 1 s"):
        await take(pipeline, [SPEECH.audio_bytes()], longest_s=1.0)


async def test_a_typed_turn_has_no_transcript(pipeline):
    turn = Turn(pipeline, Dialogue())
    events = [event async for event in turn.answer("hello")]
    await turn.close()
    assert isinstance(events[0], AgentAnswer)
    assert events[-1].last
    assert turn.times.asr_s is None


async def test_a_pipeline_with_one_bad_engine_opens_none():
    with pytest.raises(EngineError, match="unknown voice"):
        await Pipeline.open("fake", "fake", "espeak:voice=nowhere")


async def test_speech_streamed_in_packets_is_heard_as_in_one_piece():
    pipeline = await Pipeline.open("pocketsphinx", "rules", "fake", asr_workers=1)
    try:
        for sample in [SPEECH, *SET.samples[:3]]:
            _, whole = await take(pipeline, [sample.audio_bytes()])
            turn, streamed = await take(pipeline, decoding.opus_packets(sample.audio_bytes()))
            assert whole[0].transcript.text == streamed[0].transcript.text
            assert turn.times.audio_s == pytest.approx(sample.clip().duration_s, abs=0.03)
        _, news = await take(pipeline, [SPEECH.audio_bytes()])
        assert news[0].transcript.text == "what's the latest news about nvidia"
        assert [entity.value for entity in news[1].reply.entities] == ["NVDA"]
    finally:
        await pipeline.close()


async def test_a_turn_knows_when_its_stages_were_at_work(pipeline):
    """Sixty packets of a reply are encoded in a few calls, not in sixty."""
    turn, events = await take(pipeline, [SPEECH.audio_bytes()], reply_format="opus_packets")
    stages = [work.stage for work in turn.intervals]
    assert stages[:4] == ["decode", "asr", "agent", "tts"]
    assert stages.count("tts") == 3
    assert 3 <= stages.count("encode") < len(events) / 2
    instants = [instant for work in turn.intervals for instant in (work.start_s, work.end_s)]
    assert instants == sorted(instants)
