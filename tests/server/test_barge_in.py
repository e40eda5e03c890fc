"""A cough or a backchannel does not stop a playing reply; a request or "stop" does."""

import pytest

from tests.support.voices import cough, in_a_room, spoken
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.datasets import load
from voicelab.paths import shipped
from voicelab.vad.barge_in import BargeIn
from voicelab.vad.endpoint import Endpointer, SpeechBegan, SpeechEnded, TookTurn
from voicelab.vad.energy import Energy
from voicelab.vad.silero import Silero

BACKCHANNELS = ("uh-huh", "okay", "right", "yeah", "mhm", "I see", "sure", "all right")
REQUESTS = [sample for sample in load(shipped("voice_samples")).samples if len(sample.text.split()) >= 5][:20]


@pytest.fixture(scope="module")
def detector():
    engine = Silero()
    engine.load()
    return engine


def heard(detector, clip, texts=()):
    """Feed audio in pieces of 20 ms. texts: (seconds, text) of partial transcripts."""
    endpointer, events, waiting = Endpointer(detector.stream()), [], sorted(texts)
    for at_s in range(round(clip.duration_s * 50)):
        while waiting and waiting[0][0] <= at_s / 50:
            endpointer.note_partial(waiting.pop(0)[1])
        events += endpointer.feed(clip.between(at_s / 50, (at_s + 1) / 50))
    return events


def floor(events):
    return [event for event in events if isinstance(event, TookTurn)]


@pytest.mark.parametrize("seed", range(5))
def test_a_cough_does_not_take_the_floor(detector, seed):
    assert floor(heard(detector, in_a_room(1.0, cough(seed)))) == []


def test_a_cough_that_counts_as_speech_does_not_either():
    """By level alone it counts as speech, but it is too short, and the recognizer finds no words in it."""
    events = heard(Energy(), in_a_room(1.0, cough()), [(1.5, "")])
    assert any(isinstance(event, SpeechBegan) for event in events)
    assert floor(events) == []
    assert [event.took_floor for event in events if isinstance(event, SpeechEnded)] == [False]


@pytest.mark.parametrize("with_text", [False, True])
@pytest.mark.parametrize("word", BACKCHANNELS)
def test_a_backchannel_does_not_take_the_floor(detector, word, with_text):
    events = heard(detector, in_a_room(1.0, spoken(*BACKCHANNELS)[word]), [(1.4, word)] if with_text else [])
    assert any(isinstance(event, SpeechEnded) for event in events)
    assert floor(events) == []


@pytest.mark.parametrize("sample", REQUESTS, ids=lambda sample: sample.id)
def test_a_request_takes_the_floor_within_a_second_without_any_text(detector, sample):
    events = heard(detector, in_a_room(sample.clip().at_rate(SPEECH_RATE_HZ)))
    (started,) = [event for event in events if isinstance(event, SpeechBegan)]
    (taken,) = floor(events)
    assert taken.decided_at - started.speech <= 1.2 * SPEECH_RATE_HZ


def test_words_make_it_sooner(detector):
    text = "Put Meta on my watchlist"
    clip = in_a_room(1.0, spoken(text)[text])
    (without,) = floor(heard(detector, clip))
    (with_words,) = floor(heard(detector, clip, [(1.4, "put meta")]))
    assert with_words.decided_at < without.decided_at
    assert with_words.decided_at <= 1.45 * SPEECH_RATE_HZ


def test_stop_is_enough(detector):
    """With less than half a second of speech, it interrupts as soon as the word is known."""
    (taken,) = floor(heard(detector, in_a_room(1.0, spoken("stop")["stop"]), [(1.3, "stop")]))
    assert taken.decided_at <= 1.4 * SPEECH_RATE_HZ


def test_a_short_answer_takes_the_floor_at_its_end(detector):
    events = heard(detector, in_a_room(1.0, spoken("Ford")["Ford"].between(0, 0.25)), [(1.4, "ford")])
    assert [type(event) for event in events] == [SpeechBegan, TookTurn, SpeechEnded]


@pytest.mark.parametrize(
    ("speech_s", "text", "interrupts"),
    [
        (0.1, "stop", False), (0.2, "stop", True), (0.2, "what is", True), (0.2, "apple", False), (0.5, "apple", True),
        (0.7, "", False), (0.9, "", True), (1.4, "okay right", False), (1.6, "okay right", True),
        (0.3, "Okay, stop.", True), (0.3, "yeah sure", False),
    ],
)  # fmt: skip
def test_the_rule(speech_s, text, interrupts):
    assert BargeIn().interrupts(round(speech_s * SPEECH_RATE_HZ), text) is interrupts
