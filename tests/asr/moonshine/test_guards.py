"""Hallucinated texts are distinguished from spoken ones."""

import numpy as np
import pytest

from tests.support.speech import SET
from voicelab.asr.moonshine.guards import cleaned, is_babble, is_loop, is_tone, is_too_fast


@pytest.mark.parametrize(
    "text",
    [
        "The first is the first is the first is the first is the first is",
        "no " * 9,
        "you know, You know. you know you know you know you know",
        "what is the price of gold and what is the price of gold and what is the price of gold and what is the price "
        "of gold and",
        "This is the first time I've ever seen a person in a red car. " * 3,
    ],
)
def test_a_phrase_that_follows_itself_is_a_loop(text):
    assert is_loop(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no no no no stop",
        "Very, very, very good.",
        "What is the price of Apple, and what is the price of Tesla?",
        "one two one two one two",
        "What is the price of Apple today? What is the price of Apple today? And Tesla?",
        "bye bye",
    ],
)
def test_what_people_repeat_is_none(text):
    assert not is_loop(text)


def test_more_words_than_the_time_holds_were_not_said():
    assert is_too_fast("Thank you for watching this video today", 0.3)
    assert not is_too_fast("Thank you", 0.3)
    assert not is_too_fast("what is the price of apple and of microsoft today", 2.0)


@pytest.mark.parametrize(
    ("text", "left"),
    [("♪♪♪♪♪♪♪??", ""), ("♪ Hello ♪", "Hello"), ("[Music] add Apple", "add Apple"), ("(laughs)", ""), ("...", ""),
     ("  Two   words. ", "Two words."), ("20%", "20%")],
)  # fmt: skip
def test_marks_for_sounds_are_no_words(text, left):
    assert cleaned(text) == left


BABBLED = "I'm going to tell you what I'm going to do. " * 2 + "I'm going to tell you what I'm"


def voices_at_once(count):
    """The recordings of as many samples, mixed."""
    clips = [sample.clip().at_rate(16_000).samples for sample in SET.spoken[:: len(SET.spoken) // count][:count]]
    return sum(np.resize(clip, 12 * 16_000) for clip in clips)


def test_a_text_that_repeats_itself_in_many_voices_at_once_is_babble():
    piece = voices_at_once(8)
    assert not is_loop(BABBLED)
    for level in (0.001, 0.1):
        assert is_babble(BABBLED, level * piece)
    assert not is_babble("How much is Apple trading for right now? And what about Tesla?", piece)
    assert not is_babble("", piece)


def test_one_voice_that_repeats_itself_is_none():
    for sample in SET.spoken:
        assert not is_babble(BABBLED, sample.clip().at_rate(16_000).samples)


def test_tones_and_sweeps_are_told_from_speech():
    time_s = np.arange(16_000) / 16_000
    noise = 1e-4 * np.random.default_rng(1).standard_normal(16_000)
    for cycles in (440 * time_s, 300 * time_s + 1000 * time_s**2):
        for level in (0.003, 0.3):
            assert is_tone((level * np.sin(2 * np.pi * cycles) + noise).astype(np.float32))
    voices = {sample.speaker: sample for sample in SET.spoken}
    assert not any(is_tone(sample.clip().at_rate(16_000).samples) for sample in voices.values())
    assert not is_tone(noise.astype(np.float32))
    assert not is_tone(np.zeros(16_000, dtype=np.float32))
    assert not is_tone(np.zeros(100, dtype=np.float32))
