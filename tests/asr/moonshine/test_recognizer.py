"""Moonshine transcribes speech independently of the chunking, and nothing without speech."""

import numpy as np
import pytest

from tests.support.speech import SET, SPEECH
from voicelab.asr.base import Transcript
from voicelab.asr.moonshine.recognizer import Moonshine
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import EngineError

pytest.importorskip("moonshine_voice")
MINUTE = 60 * SPEECH_RATE_HZ
TIME_S = np.arange(MINUTE) / SPEECH_RATE_HZ


@pytest.fixture(scope="module")
def engine():
    moonshine = Moonshine()
    moonshine.load()
    return moonshine


def heard(engine, clip, size=None, asks=False):
    stream = engine.stream()
    size = size or max(1, len(clip.samples))
    partials = []
    for start in range(0, len(clip.samples), size):
        stream.feed(Clip(clip.samples[start : start + size], SPEECH_RATE_HZ))
        partials += [stream.partial()] if asks else []
    found = stream.finish()
    stream.close()
    return (found.text, partials) if asks else found.text


def noise(colour, dbfs):
    random = np.random.default_rng(7)
    spectrum = np.fft.rfft(random.normal(size=MINUTE))
    if colour == "pink":
        spectrum[1:] /= np.sqrt(np.arange(1, len(spectrum)))
    samples = np.fft.irfft(spectrum, MINUTE)
    return samples / np.std(samples) * 10 ** (dbfs / 20)


def hum():
    return sum(0.1 / k * np.sin(2 * np.pi * 50 * k * TIME_S) for k in (1, 2, 3, 5))


def music():
    """A chord of four voices each second, plucked, with five overtones."""
    random = np.random.default_rng(3)
    second = TIME_S[:SPEECH_RATE_HZ]
    chords = []
    for _ in range(60):
        root = 130 * 2 ** (random.integers(0, 24) / 12)
        voices = [root * step for step in (1, 1.26, 1.5, 2)]
        tone = sum(np.sin(2 * np.pi * f * k * second) / k**1.5 for f in voices for k in range(1, 6))
        chords.append(tone * np.minimum(1, 20 * second) * np.exp(-random.uniform(0.5, 4) * second))
    samples = np.concatenate(chords)
    return 0.3 * samples / np.abs(samples).max()


QUIET = {
    "silence": lambda: np.zeros(3 * MINUTE),
    "loud white noise": lambda: noise("white", -20),
    "faint white noise": lambda: noise("white", -55),
    "pink noise": lambda: noise("pink", -30),
    "hum": hum,
    "music": music,
}


@pytest.mark.parametrize("name", QUIET)
def test_minutes_without_speech_give_no_word(engine, name):
    clip = Clip(QUIET[name]().astype(np.float32), SPEECH_RATE_HZ)
    assert heard(engine, clip, SPEECH_RATE_HZ) == ""


def test_many_voices_at_once_give_no_repeated_phrases(engine):
    """Without the guard, half a minute of these eight voices gives about 90 words, most of them repeated."""
    clips = [sample.clip().at_rate(SPEECH_RATE_HZ).samples for sample in SET.spoken[3::24][:8]]
    mixed = sum(np.resize(clip, MINUTE // 2) for clip in clips)
    clip = Clip((0.1 * mixed / np.std(mixed)).astype(np.float32), SPEECH_RATE_HZ)
    assert len(heard(engine, clip).split()) <= 10


def test_the_text_does_not_depend_on_how_the_sound_came(engine):
    clip = SPEECH.clip().at_rate(SPEECH_RATE_HZ)
    whole = heard(engine, clip)
    assert "latest news" in whole.lower()
    assert {heard(engine, clip, 320), heard(engine, clip, 4000)} == {whole}


def test_words_come_while_somebody_speaks_and_change_nothing(engine):
    clip = SPEECH.clip().at_rate(SPEECH_RATE_HZ)
    text, partials = heard(engine, clip, 3200, asks=True)
    assert text == heard(engine, clip)
    speech = [partial for partial in partials if partial]
    assert len(speech) < len(partials)
    assert len(set(speech)) > 2, "the words grow"
    pauses_only = Moonshine(partial_s=0)
    pauses_only.load()
    assert not any(heard(pauses_only, clip.between(0, clip.duration_s / 2), 3200, asks=True)[1])


def test_speech_is_heard_after_minutes_of_noise(engine):
    clip = SPEECH.clip().at_rate(SPEECH_RATE_HZ)
    quiet = Clip(noise("pink", -50).astype(np.float32), SPEECH_RATE_HZ)
    text = heard(engine, Clip.join([quiet, clip, quiet]), SPEECH_RATE_HZ)
    assert "latest news" in text.lower()
    assert len(text.split()) <= len(SPEECH.text.split()) + 2


def test_a_minute_of_speech_in_one_piece_does_not_loop(engine):
    clips = [sample.clip().at_rate(SPEECH_RATE_HZ) for sample in SET.samples[::4]]
    words = sum(len(sample.text.split()) for sample in SET.samples[::4])
    text = heard(engine, Clip.join(clips))
    assert Clip.join(clips).duration_s > 50
    assert 0.8 * words < len(text.split()) < 1.2 * words


def test_a_loop_is_decoded_again_in_halves(engine, monkeypatch):
    texts = iter(["the first is the first is the first is the first is", "hello there", "no " * 20])
    monkeypatch.setattr(engine, "_text_of", lambda piece: next(texts))
    piece = np.zeros(4 * SPEECH_RATE_HZ, dtype=np.float32)
    assert engine._decode([piece]) == [Transcript("hello there", "en")]


@pytest.mark.parametrize(
    "options", [{"segment_s": 40}, {"pause_s": 0.1}, {"partial_s": -1}, {"models": -2}, {"models": 0}],
    ids=lambda options: next(iter(options)),
)  # fmt: skip
def test_options_out_of_range_are_refused(options):
    with pytest.raises(EngineError, match=f"{next(iter(options))} must be"):
        Moonshine(**options)
