"""End-of-turn detectors: each requests the inputs that it needs, and a wrong model is refused."""

import numpy as np
import pytest

from tests.support.voices import spoken
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import EngineMissingError, InputError
from voicelab.vad.base import FRAME
from voicelab.vad.completeness import Completeness
from voicelab.vad.endpoint import Endpointer, SpeechEnded
from voicelab.vad.turn_end import smart_turn_file
from voicelab.vad.turn_end.catalog import DEFAULT_TURN_END, TURN_ENDS
from voicelab.vad.turn_end.log_mel import BANDS, log_mel
from voicelab.vad.turn_end.pitch import pitch_hz
from voicelab.vad.turn_end.prosody import Prosody
from voicelab.vad.turn_end.silence import Silence
from voicelab.vad.turn_end.smart_turn import SmartTurn
from voicelab.vad.turn_end.sound_features import sound_features
from voicelab.vad.turn_end.word_score import word_features
from voicelab.vad.turn_end.words import Words


class Scripted:
    def feed(self, _clip):
        return []

    def finish(self):
        return []


def tone(from_hz, to_hz, seconds=1.0):
    hz = np.linspace(from_hz, to_hz, round(seconds * SPEECH_RATE_HZ))
    phase = 2 * np.pi * np.cumsum(hz) / SPEECH_RATE_HZ
    return sum(np.sin(k * phase) / k for k in range(1, 6)).astype(np.float32) * 0.2


def silence_after(turn_end, text, score):
    """Seconds of silence until the end, with a text and a score noted 0.2 s into the pause."""
    endpointer = Endpointer(Scripted(), turn_end=turn_end)
    endpointer.advance([1.0] * 40 + [0.0] * 7)
    endpointer.note_partial(text)
    if endpointer.sound_to_score is not None:
        endpointer.note_sound(score)
    (ended,) = [event for event in endpointer.advance([0.0] * 60) if isinstance(event, SpeechEnded)]
    return (ended.decided_at - ended.end) / SPEECH_RATE_HZ


@pytest.mark.parametrize("hz", [80, 120, 210, 330])
def test_the_pitch_of_a_harmonic_tone_is_its_fundamental(hz):
    found = pitch_hz(tone(hz, hz))
    assert np.nanmedian(found) == pytest.approx(hz, rel=0.02)
    assert np.isnan(found).mean() < 0.05


def test_noise_and_silence_have_no_pitch():
    noise = np.random.default_rng(0).standard_normal(SPEECH_RATE_HZ).astype(np.float32)
    assert np.isnan(pitch_hz(noise)).mean() > 0.9
    assert np.isnan(pitch_hz(np.zeros(SPEECH_RATE_HZ, dtype=np.float32))).all()


def test_a_fall_of_pitch_is_seen_and_silence_has_no_features():
    pause = np.zeros(2048, dtype=np.float32)
    fall, rise = (Clip(np.concatenate([sound, pause]), SPEECH_RATE_HZ) for sound in (tone(200, 100), tone(100, 200)))
    assert sound_features(fall)[0] < 0 < sound_features(rise)[0]
    assert sound_features(Clip.silence(1.0)) is None


def test_the_spectrogram_puts_a_tone_into_its_band():
    found = log_mel(tone(200, 200, 8.0))
    assert found.shape == (BANDS, 800)
    # Below 1 kHz a mel is 66.7 Hz; the bands divide the 45 mel of 8 kHz.
    assert found[:, 400].argmax() == pytest.approx(200 / (200 / 3) / (45.245640471924965 / 81) - 1, abs=1)


def test_silence_alone_ignores_words_and_asks_for_no_sound():
    assert {silence_after(Silence(), text, 9.0) for text in ("give me the", "stop it please")} == {24 * FRAME / 16_000}


def test_words_ask_for_no_sound():
    endpointer = Endpointer(Scripted(), turn_end=Words())
    endpointer.advance([1.0] * 40 + [0.0] * 10)
    assert endpointer.sound_to_score is None


def test_sound_is_wanted_once_in_each_pause():
    endpointer = Endpointer(Scripted(), turn_end=Prosody())
    endpointer.advance([1.0] * 40)
    assert endpointer.sound_to_score is None
    endpointer.advance([0.0] * 4)
    start, end = endpointer.sound_to_score
    assert (start, end) == (0, 44 * FRAME)
    endpointer.note_sound(1.0)
    assert endpointer.sound_to_score is None
    endpointer.advance([1.0] * 200 + [0.0] * 4)
    start, end = endpointer.sound_to_score
    assert (end, end - start) == (248 * FRAME, 3 * SPEECH_RATE_HZ)


@pytest.mark.parametrize("turn_end", [Prosody(words=False), SmartTurn(words=False)], ids=["prosody", "smart-turn"])
def test_the_sound_shortens_and_lengthens_the_silence(turn_end):
    finished, more = (silence_after(turn_end, "the price of apple", score) for score in (9.0, -9.0))
    settings = turn_end.settings
    assert finished == pytest.approx(settings.silence_s * settings.complete_factor, abs=0.04)
    assert more == pytest.approx(settings.silence_s * settings.unfinished_factor, abs=0.04)


@pytest.mark.parametrize(
    ("text", "features"),
    [
        ("", (0, 0, 0, 0, 0, 0)),
        ("What's the", (0, 1, 0, 1, 1, 1)),
        ("Show me, Apple,", (0, 0, 1, 0, 0, np.log2(3))),
        ("How much is Apple?", (0, 0, 0, 0, 0, 2)),
        ("how much is apple", (0, 0, 0, 0, 0, 2)),
        ("one two three four five six seven eight nine please", (1, 0, 0, 0, 0, 3)),
    ],
)
def test_words_are_judged_by_their_end_their_number_and_punctuation_if_it_is_written(text, features):
    assert word_features(text) == pytest.approx(features)


def test_words_and_sound_add_up():
    verdicts = [Prosody().verdict(text, 1.5) for text in ("add it to my watchlist please", "give me the price of")]
    assert verdicts == [Completeness.COMPLETE, Completeness.UNFINISHED]
    assert Prosody().verdict("", 9.0) is Completeness.OPEN
    assert Prosody().verdict("thanks", None) is Completeness.OPEN


def test_speech_makes_a_finite_score():
    text = "What is the price of Apple?"
    assert np.isfinite(Prosody().sound_score(spoken(text)[text]))
    assert Prosody().sound_score(Clip.silence(0.01)) == 0.0


def test_the_default_needs_no_extra():
    assert TURN_ENDS.entries[DEFAULT_TURN_END].installed()
    assert TURN_ENDS.config(DEFAULT_TURN_END).build().load().kind == "turn_end"


def test_without_the_wheel_the_way_out_is_named(monkeypatch):
    monkeypatch.setattr(smart_turn_file, "find_spec", lambda _name: None)
    with pytest.raises(EngineMissingError, match="pip install --no-deps pipecat-ai==1"):
        SmartTurn().load()


def test_a_wheel_without_the_model_or_with_another_is_refused(monkeypatch, tmp_path):
    class Spec:
        origin = str(tmp_path / "__init__.py")

    monkeypatch.setattr(smart_turn_file, "find_spec", lambda _name: Spec)
    with pytest.raises(EngineMissingError, match="has no smart-turn"):
        SmartTurn().load()
    model = tmp_path / "audio/turn/smart_turn/data/smart-turn-v3.2-cpu.onnx"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"another")
    with pytest.raises(EngineMissingError, match="is not the model of version"):
        SmartTurn().load()


def test_a_probability_outside_0_to_1_is_refused():
    with pytest.raises(InputError, match="finished_at must be between 0 and 1"):
        SmartTurn(finished_at=1.0)


@pytest.mark.skipif(not TURN_ENDS.entries["smart-turn"].installed(), reason="pipecat-ai is not installed")
def test_smart_turn_hears_the_difference_between_a_whole_request_and_its_beginning():
    engine = SmartTurn()
    assert engine.load().licence == "BSD-2-Clause"
    whole, half = "What is the price of Apple?", "What is the"
    said = spoken(whole, half)
    assert engine.sound_score(said[whole]) > engine.sound_score(said[half])


def test_the_list_of_engines_names_the_command_without_dependencies():
    assert TURN_ENDS.entries["smart-turn"].install_command == "pip install --no-deps pipecat-ai==1.14.0"
