"""OpenAI's API in both directions: the real client with our server, and our engines with our server and a stub."""

import asyncio
import io
import json
import threading
import wave
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tests.support.serving import TONE, serving
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio import codecs, decoding
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.engines.pool.pool import EnginePool
from voicelab.errors import EngineError, EngineMissingError
from voicelab.tts.catalog import VOICES

openai = pytest.importorskip("openai", reason="needs: pip install 'voicelab[openai]'")


@pytest.fixture(autouse=True)
def _straight(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


@contextmanager
def client_of(served):
    with openai.OpenAI(base_url=f"{served.http}/v1", api_key="any", max_retries=0, timeout=20) as client:
        yield client


def test_the_real_client_transcribes_and_speaks_with_our_server(tmp_path):
    with serving(tmp_path) as served, client_of(served) as client:
        assert [model.id for model in client.models.list()] == ["fake"], "each name once"
        ask = client.audio.transcriptions.create
        wav = ("a.wav", codecs.encode_wav(TONE))
        assert ask(file=wav, model="fake").text == "you spoke 1.00 seconds"
        assert ask(file=("a.mp3", codecs.encode(TONE, "mp3")), model="fake").text.startswith("you spoke 1.0")
        assert ask(file=wav, model="fake", response_format="text") == "you spoke 1.00 seconds\n"
        detailed = ask(file=wav, model="fake", response_format="verbose_json")
        assert (detailed.duration, detailed.language) == (1.0, "en")
        assert ask(file=("s.wav", codecs.encode_wav(Clip.silence(1.0))), model="fake").text == ""
        for form in ("mp3", "opus", "aac", "flac", "wav"):
            spoken = client.audio.speech.create(
                model="fake", voice="default", input="Hello there.", response_format=form
            )
            assert decoding.decode(spoken.content).duration_s == pytest.approx(2 / 3, abs=0.08), form
        pcm = client.audio.speech.create(model="fake", voice="default", input="Hello there.", response_format="pcm")
        assert Clip.from_pcm16(pcm.content, 24_000).duration_s == pytest.approx(2 / 3, abs=0.01)


def test_our_server_refuses_what_it_would_have_to_ignore(tmp_path):
    with serving(tmp_path, max_turn_s=2) as served, client_of(served) as client:
        wav = ("a.wav", codecs.encode_wav(TONE))
        hear = client.audio.transcriptions.create
        refused = [
            (openai.NotFoundError, "the model 'whisper-9' does not exist; this server has 'fake'",
             lambda: hear(file=wav, model="whisper-9")),
            (openai.BadRequestError, "detected 'en', not 'de'",
             lambda: hear(file=wav, model="fake", language="de")),
            (openai.BadRequestError, "response_format must be one of json, text", lambda: hear(
                file=wav, model="fake", response_format="diarized_json")),
            (openai.BadRequestError, "cannot be decoded", lambda: hear(file=("a.wav", b"RIFF no"), model="fake")),
            (openai.BadRequestError, "2 s", lambda: hear(
                file=("a.wav", codecs.encode_wav(Clip.silence(3))), model="fake")),
            (openai.BadRequestError, "the voice 'ada' does not exist", lambda: client.audio.speech.create(
                model="fake", voice="ada", input="Hello.")),
            (openai.BadRequestError, "speed", lambda: client.audio.speech.create(
                model="fake", voice="default", input="Hello.", speed=5)),
            (openai.BadRequestError, "response_format", lambda: client.audio.speech.create(
                model="fake", voice="default", input="Hello.", response_format="ogg")),
        ]  # fmt: skip
        for kind, message, call in refused:
            with pytest.raises(kind, match=message):
                call()
        assert hear(file=wav, model="fake").text, "and goes on"


async def opened(catalog, spec):
    return await EnginePool(catalog.config(spec)).open()


async def test_voicelab_can_be_pointed_at_itself(tmp_path):
    with serving(tmp_path) as served:
        asr = await opened(RECOGNIZERS, f"openai:base_url={served.http}/v1,model=fake")
        tts = await opened(VOICES, f"openai:base_url={served.http}/v1,model=fake,voice=default")
        try:
            assert asr.info.device == "remote"
            assert f"fake at {served.http}/v1" in asr.info.revision
            stream = asr.stream()
            await stream.post("feed", TONE.between(0, 0.5))
            await stream.post("feed", TONE.between(0.5, 1))
            heard = await stream.call("finish")
            await stream.close()
            assert (heard.text, heard.language) == ("you spoke 1.00 seconds", "en")
            assert (await tts.call("speak", "Hello there.")).duration_s == pytest.approx(2 / 3, abs=0.01)
        finally:
            await asyncio.gather(asr.close(), tts.close())


class Stub(BaseHTTPRequestHandler):
    """A stub server: it requires a key, transcribes every WAV as its duration, and fails on request.

    speakers: how many requests for speech wait for each other.
    """

    failing = 0
    speakers: threading.Barrier
    requests: list[tuple[str, str]]

    def do_GET(self):
        self.send(200 if self.allowed() else 401, {"object": "list", "data": []})

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.requests.append((self.path, self.headers.get("Authorization", "")))
        if type(self).failing > 0:
            type(self).failing -= 1
            return self.send(503, {"error": {"message": "overloaded"}})
        if self.path.endswith("/speech"):
            self.speakers.wait()
            return self.send(200, codecs.encode_wav(TONE))
        head = body.index(b"RIFF")
        with wave.open(io.BytesIO(body[head:])) as file:
            text = f"{file.getnframes()} samples at {file.getframerate()}"
        return self.send(200, {"text": text})

    def allowed(self):
        return self.headers.get("Authorization") == "Bearer secret"

    def send(self, status, body):
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


@pytest.fixture
def stub():
    handler = type("OneStub", (Stub,), {"requests": [], "failing": 0})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield handler, f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


async def test_key_retries_and_failures(stub, monkeypatch):
    handler, url = stub
    spec = f"openai:base_url={url},model=m,key_variable=STUB_KEY,retries=1"
    with pytest.raises(EngineMissingError, match="refused the key in STUB_KEY"):
        await opened(RECOGNIZERS, spec)
    monkeypatch.setenv("STUB_KEY", "secret")
    host = await opened(RECOGNIZERS, spec)
    try:

        async def say():
            stream = host.stream()
            try:
                await stream.post("feed", Clip.silence(0.5))
                return (await stream.call("finish")).text
            finally:
                await stream.close()

        assert await say() == f"{SPEECH_RATE_HZ // 2} samples at {SPEECH_RATE_HZ}"
        assert handler.requests == [("/v1/audio/transcriptions", "Bearer secret")]
        handler.failing = 1
        assert (await say()).startswith("8000"), "tried again"
        handler.failing = 9
        with pytest.raises(EngineError, match="answered 503: overloaded"):
            await say()
    finally:
        await host.close()


async def test_two_sentences_are_requested_concurrently(stub, monkeypatch):
    """As by two sessions: otherwise the second one would wait for the first one's request."""
    handler, url = stub
    handler.speakers = threading.Barrier(2, timeout=10)
    monkeypatch.setenv("STUB_KEY", "secret")
    host = await opened(VOICES, f"openai:base_url={url},model=m,key_variable=STUB_KEY,retries=0")
    try:
        clips = await asyncio.gather(*(host.call("speak", sentence) for sentence in ("One.", "Two.")))
        assert [clip.duration_s for clip in clips] == [TONE.duration_s] * 2
    finally:
        await host.close()


async def test_what_cannot_be_reached_says_so():
    with pytest.raises(EngineMissingError, match=r"127\.0\.0\.1:9/v1 cannot be reached"):
        await opened(RECOGNIZERS, "openai:base_url=http://127.0.0.1:9/v1,retries=0")
    with pytest.raises(EngineMissingError, match="needs a key; set OPENAI_API_KEY"):
        await opened(VOICES, "openai")
    with pytest.raises(EngineMissingError, match="write http://host:port/v1"):
        await opened(VOICES, "openai:base_url=localhost")


async def test_an_address_with_a_query_is_refused_without_showing_it():
    """Regression: a key in the query was in the log, in runs and in `GET /`, and no request worked."""
    with pytest.raises(EngineMissingError, match="has a query") as refused:
        await opened(RECOGNIZERS, "openai:base_url=http://127.0.0.1:9/v1?api_key=hunter2")
    assert "hunter2" not in str(refused.value)
