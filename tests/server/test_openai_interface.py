"""The requests and responses of OpenAI's clients, with the real client (sync and async) and with plain requests."""

import io
import json
import socket

import httpx
import numpy as np
import pytest

from server.http.openai.segments import segments_of, to_srt, to_vtt
from tests.support.serving import TONE, serving
from voicelab.asr.base import TimedWord
from voicelab.audio import codecs, decoding
from voicelab.audio.clip import Clip
from voicelab.audio.time_stretch import stretch
from voicelab.paths import PROJECT

openai = pytest.importorskip("openai", reason="needs: pip install 'voicelab[openai]'")

WAV = ("a.wav", codecs.encode_wav(TONE))
QUESTION = PROJECT / "data/voice_samples/audio/price_aapl.ogg"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("fake")) as one:
        yield one


@pytest.fixture(scope="module")
def timed(tmp_path_factory):
    """A server whose recognizer reports when words were said."""
    with serving(tmp_path_factory.mktemp("timed"), asr="pocketsphinx") as one:
        yield one


def client_of(served, kind=openai.OpenAI, http=httpx.Client):
    options = {"api_key": "any", "max_retries": 0, "timeout": 30, "http_client": http(trust_env=False)}
    return kind(base_url=f"{served.http}/v1", **options)


@pytest.fixture(scope="module")
def client(served):
    with client_of(served) as one:
        yield one


@pytest.mark.parametrize(
    "more",
    [
        {"language": "en"}, {"language": "en-GB"}, {"language": "english"}, {"language": ""}, {"prompt": ""},
        {"language": "eng"}, {"extra_body": {"languages": ["fr", "en"]}}, {"timestamp_granularities": ["segment"]},
        {"stream": False}, {"temperature": 0.4}, {"chunking_strategy": "auto"}, {"extra_body": {"hotwords": ""}},
        {"extra_body": {"known_speaker_names[]": ""}},
        {"response_format": "verbose_json", "timestamp_granularities": ["segment"]},
    ],
    ids=str,
)  # fmt: skip
def test_fields_that_change_nothing_are_accepted(client, more):
    answer = client.audio.transcriptions.create(file=WAV, model="fake", **more)
    assert answer.text == "you spoke 1.00 seconds"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("language", "fr"), ("language", "no language"), ("prompt", "Nvidia, Tesla"), ("temperature", "hot"),
        ("temperature", "2"),
        ("stream", "maybe"), ("response_format", "docx"), ("timestamp_granularities[]", "phone"),
        ("timestamp_granularities[]", "word"),
        ("include[]", "logprobs"), ("chunking_strategy", "server_vad"), ("hotwords", "AMD"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_and_names_its_field(served, field, value):
    data = {"model": "fake", field: value}
    answer = httpx.post(f"{served.http}/v1/audio/transcriptions", data=data, files={"file": WAV})
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert error["param"] == field.removesuffix("[]")
    assert error["param"] in error["message"]


@pytest.mark.parametrize(
    ("options", "param", "words"),
    [
        ({"chunking_strategy": {"type": "server_vad", "threshold": 0.5}}, "chunking_strategy", "only .* 'auto'"),
        ({"file": (None, WAV[1])}, "file", "no file name"),
        ({"file": ("", WAV[1])}, "file", "no file name"),
        ({"model": ""}, "model", "model is missing"),
        ({"known_speaker_names": ["a"]}, "known_speaker_names", "not supported"),
        ({"extra_body": {"temperature": "nan"}}, "temperature", "from 0 to 1"),
        ({"response_format": "diarized_json"}, "response_format", "must be one of"),
        ({"response_format": "srt", "stream": True}, "response_format", "stream=true sends events"),
        ({"file": ("a.wav", b"")}, "file", "contains no audio"),
    ],
    ids=str,
)
def test_refusals_say_what_to_change(client, options, param, words):
    with pytest.raises(openai.BadRequestError, match=words) as refusal:
        client.audio.transcriptions.create(**({"file": WAV, "model": "fake"} | options))
    assert refusal.value.param == param


@pytest.mark.parametrize("kind", ["bytes", "path", "open", "memory", "media type"])
def test_files_may_be_given_as_the_client_allows(client, kind, tmp_path):
    path = tmp_path / "a.wav"
    path.write_bytes(WAV[1])
    with path.open("rb") as opened:
        files = {
            "bytes": WAV[1],
            "path": path,
            "open": opened,
            "memory": io.BytesIO(WAV[1]),
            "media type": ("a.txt", WAV[1], "text/plain"),
        }
        headers = {"x-stainless-retry-count": "3", "Idempotency-Key": "a"}
        answer = client.audio.transcriptions.create(file=files[kind], model="fake", extra_headers=headers)
    assert answer.text == "you spoke 1.00 seconds"


@pytest.mark.parametrize(
    "asked",
    [
        {"response_format": "srt"},
        {"response_format": "vtt"},
        {"response_format": "verbose_json", "timestamp_granularities": ["word"]},
    ],
)
def test_times_are_an_error_where_the_recognizer_has_none(client, asked):
    with pytest.raises(openai.BadRequestError, match="fake does not report word times"):
        client.audio.transcriptions.create(file=WAV, model="fake", **asked)


def test_words_and_segments_have_times_where_the_recognizer_has_them(timed):
    sound = Clip.join([Clip.silence(1.0), decoding.read(QUESTION).at_rate(16_000)])
    file = ("q.wav", codecs.encode_wav(sound))
    times = {"response_format": "verbose_json", "timestamp_granularities": ["word", "segment"]}
    with client_of(timed) as client:
        ask = client.audio.transcriptions.create
        full = ask(file=file, model="whisper-1", **times)
        srt = ask(file=file, model="pocketsphinx", response_format="srt")
        vtt = ask(file=file, model="pocketsphinx", response_format="vtt")
    assert [one.word for one in full.words] == full.text.split()
    assert all(one.start < one.end for one in full.words)
    assert all(one.end <= after.start for one, after in zip(full.words, full.words[1:], strict=False))
    assert full.words[0].start > 0.9, "times count from the beginning of the file"
    assert full.words[-1].end <= full.duration
    assert " ".join(one.text for one in full.segments) == full.text
    assert srt.startswith("1\n00:00:0")
    assert " --> " in srt
    assert full.segments[0].text in srt
    assert vtt.startswith("WEBVTT\n\n00:00:0")


def test_segments_end_at_pauses_and_before_they_are_too_long():
    words = [TimedWord("word", 0.5 * n, 0.5 * n + 0.4) for n in range(30)]
    words += [TimedWord("late", 20 + 0.5 * n, 20.4 + 0.5 * n) for n in range(2)]
    segments = segments_of(words)
    assert " ".join(one.text for one in segments) == " ".join(one.text for one in words)
    assert all(one.end_s - one.start_s <= 6 and len(one.text) <= 84 for one in segments)
    assert segments[-1].text == "late late"
    assert to_srt(segments[-1:]) == "1\n00:00:20,000 --> 00:00:20,900\nlate late\n\n"
    long = segments_of([TimedWord("hour", 3661.5, 3662.0)])
    assert to_vtt(long) == "WEBVTT\n\n01:01:01.500 --> 01:01:02.000\nhour\n\n"


def test_silence_is_in_every_language(client):
    file = ("a.wav", codecs.encode_wav(Clip.silence(0.5)))
    assert client.audio.transcriptions.create(file=file, model="fake", language="fr").text == ""


@pytest.mark.parametrize("nothing", [None, ""])
def test_null_and_empty_fields_of_speech_count_as_absent_and_models_may_have_a_date(client, nothing):
    body = dict.fromkeys(("voice", "response_format", "stream_format", "instructions", "user"), nothing) | {
        "speed": None
    }
    answer = client.audio.speech.create(
        model="gpt-4o-mini-tts-2025-03-20", voice="alloy", input="Hello.", extra_body=body
    )
    assert decoding.container_name(answer.content) == "mp3"
    assert client.models.retrieve("gpt-4o-mini-transcribe-2025-12-15").alias_of == "fake"


@pytest.mark.parametrize("body", [{"input": ""}, {"model": ""}, {"input": None}, {"user": "me"}, {"language": "en"}])
def test_required_and_unknown_fields_of_speech_are_named(client, body):
    with pytest.raises(openai.BadRequestError) as refusal:
        client.audio.speech.create(model="fake", voice="", input="Hi.", extra_body=body)
    (field,) = body
    assert refusal.value.param == field
    assert field in str(refusal.value)


@pytest.mark.parametrize("kind", ["application/json", "audio/wav", None])
def test_a_body_that_is_no_form_is_told_so(served, kind):
    headers = {"Content-Type": kind} if kind else {}
    answer = httpx.post(f"{served.http}/v1/audio/transcriptions", content=WAV[1], headers=headers)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert (error["param"], error["code"]) == ("file", "invalid_form")
    assert (kind or "no Content-Type") in error["message"]


def test_a_page_of_another_origin_can_read_the_headers(served):
    """Browsers hide all other headers from pages."""
    headers = {"Origin": "http://localhost:3000"}
    answer = httpx.post(
        f"{served.http}/v1/audio/transcriptions", data={"model": "fake"}, files={"file": WAV}, headers=headers
    )
    shown = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {"X-Voicelab-Engine", "X-Voicelab-Undecoded-Seconds", "Retry-After"} <= set(shown)


def test_a_streamed_transcript_is_events(client):
    events = list(client.audio.transcriptions.create(file=WAV, model="fake", stream=True))
    assert [event.type for event in events] == ["transcript.text.delta", "transcript.text.done"]
    assert events[0].delta == events[1].text == "you spoke 1.00 seconds"
    with pytest.raises(openai.BadRequestError, match="stream=true sends events, not verbose_json"):
        client.audio.transcriptions.create(file=WAV, model="fake", stream=True, response_format="verbose_json")


async def test_the_async_client_works_too(served):
    async with client_of(served, openai.AsyncOpenAI, httpx.AsyncClient) as client:
        assert (await client.audio.transcriptions.create(file=WAV, model="whisper-1")).text == "you spoke 1.00 seconds"
        stream = await client.audio.transcriptions.create(file=WAV, model="gpt-4o-transcribe", stream=True)
        assert [event.type async for event in stream][-1] == "transcript.text.done"
        speech = client.audio.speech.with_streaming_response
        async with speech.create(model="tts-1", voice="nova", input="Hello.", response_format="wav") as answer:
            assert decoding.decode(await answer.read()).duration_s > 0.2
        assert (await client.models.retrieve("fake")).id == "fake"


def test_openais_names_stand_for_the_engines_and_the_answer_says_which(client):
    model = client.models.retrieve("tts-1-hd")
    assert (model.id, model.alias_of) == ("tts-1-hd", "fake")
    answer = client.audio.speech.with_raw_response.create(
        model="gpt-4o-mini-tts", voice="alloy", input="Hello.", stream_format="audio"
    )
    assert answer.headers["X-Voicelab-Engine"] == "fake"
    with pytest.raises(openai.NotFoundError, match="the model 'tts-1' does not exist"):
        client.audio.transcriptions.create(file=WAV, model="tts-1")
    with pytest.raises(openai.BadRequestError, match="stream_format"):
        client.audio.speech.create(model="fake", voice="alloy", input="Hello.", stream_format="sse")
    with pytest.raises(openai.BadRequestError, match="does not take instructions"):
        client.audio.speech.create(model="fake", voice="alloy", input="Hello.", instructions="whisper")


@pytest.mark.parametrize("speed", [0.25, 0.7, 1.3, 3.5])
def test_speed_changes_the_length_and_not_the_pitch(speed):
    rate_hz, pitch_hz = 24_000, 220.0
    clip = Clip((0.4 * np.sin(2 * np.pi * pitch_hz * np.arange(2 * rate_hz) / rate_hz)).astype(np.float32), rate_hz)
    played = stretch(clip, speed)
    assert played.duration_s == pytest.approx(2 / speed, rel=0.03)
    spectrum = np.abs(np.fft.rfft(played.samples * np.hanning(len(played.samples))))
    assert np.argmax(spectrum) * rate_hz / len(played.samples) == pytest.approx(pitch_hz, rel=0.02)


def test_speech_is_as_fast_as_asked(client):
    def spoken(speed):
        answer = client.audio.speech.create(
            model="fake", voice="default", input="Hello there.", response_format="wav", speed=speed
        )
        return decoding.decode(answer.content).duration_s

    assert spoken(2) == pytest.approx(spoken(1) / 2, rel=0.08)
    assert spoken(0.5) == pytest.approx(spoken(1) * 2, rel=0.08)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/v1/nothing", 404), ("POST", "/v1", 404), ("GET", "/v1/audio/speech", 405), ("GET", "/v1/models/x", 404),
     ("POST", "/v1/chat/completions", 404), ("POST", "/v1/audio/speech", 400)],
)  # fmt: skip
def test_every_error_below_v1_has_openais_shape(served, method, path, status):
    answer = httpx.request(method, served.http + path)
    assert answer.status_code == status
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["message"]
    assert error["type"] == "invalid_request_error"


def test_a_client_that_asks_for_an_unknown_path_reads_why(client):
    with pytest.raises(openai.NotFoundError, match="GET /v1/files"):
        client.files.list()


def test_an_upload_that_stops_is_told_so_in_openais_shape(tmp_path):
    head = b"POST /v1/audio/speech HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{"
    with serving(tmp_path, request_timeout_s=0.3) as one, socket.create_connection(("127.0.0.1", one.port)) as client:
        client.settimeout(10)
        client.sendall(head)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 408")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "request_timeout"


def test_damage_is_reported_in_a_header_and_in_verbose_json(served):
    whole = codecs.encode(Clip.join([TONE, TONE]), "flac")
    for data in (whole, whole[: len(whole) // 2]):
        for form in ("json", "verbose_json", "text"):
            fields = {"model": "fake", "response_format": form}
            answer = httpx.post(f"{served.http}/v1/audio/transcriptions", data=fields, files={"file": ("a", data)})
            assert answer.status_code == 200
            told_s = float(answer.headers.get("X-Voicelab-Undecoded-Seconds", 0))
            assert (told_s == 0) == (data is whole)
            if form == "verbose_json":
                assert answer.json()["undecoded_s"] == pytest.approx(told_s, abs=0.001)
                assert answer.json()["duration"] + told_s == pytest.approx(2.0, abs=0.05)
