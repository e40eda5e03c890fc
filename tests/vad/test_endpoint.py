"""Utterances are detected completely and independently of chunking; none is lost or cut."""

import doctest
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.voices import chunked, in_a_room, spoken, trimmed
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.paths import shipped
from voicelab.vad.base import FRAME
from voicelab.vad.completeness import Completeness
from voicelab.vad.endpoint import Endpointer, SpeechBegan, SpeechEnded, TookTurn, feed_many
from voicelab.vad.energy import Energy
from voicelab.vad.lookback import Lookback
from voicelab.vad.settings import EndpointSettings
from voicelab.vad.silero import Silero

SHIPPED = load(shipped("voice_samples")).spoken
SETTINGS = EndpointSettings()
WORDS = ("yes", "no", "stop", "up", "news", "Apple", "okay", "right")


@pytest.fixture(scope="module")
def detector():
    engine = Silero()
    engine.load()
    return engine


class Scripted:
    """A detector's stream without results of its own."""

    def feed(self, _clip):
        return []

    def finish(self):
        return []


def events_of(detector, clip, *, seed=None, settings=None):
    endpointer = Endpointer(detector.stream(), settings)
    pieces = [clip] if seed is None else chunked(clip, seed)
    return [event for piece in pieces for event in endpointer.feed(piece)] + endpointer.finish()


def only(events, kind):
    return [event for event in events if isinstance(event, kind)]


def seconds(samples):
    return samples / SPEECH_RATE_HZ


probabilities = st.lists(st.sampled_from([0.0, 0.1, 0.4, 0.6, 1.0]), max_size=200).flatmap(
    lambda judged: st.tuples(st.just(judged), st.dictionaries(st.integers(0, len(judged)), st.sampled_from(
        ["", "um", "the price of", "okay", "stop", "put meta on my watchlist", "apple"]), max_size=8)))  # fmt: skip


@given(probabilities, st.integers(1, 50))
def test_events_come_in_order_and_chunks_make_no_difference(script, step):
    """Texts arrive at given frames; frames between them are processed one by one or in batches."""
    judged, texts = script
    found = []
    for most in (1, step, len(judged) + 1):
        endpointer, events, at = Endpointer(Scripted()), [], 0
        while at < len(judged):
            if at in texts:
                endpointer.note_partial(texts[at])
            nearest = min([place for place in texts if place > at] + [len(judged)])
            upto = min(at + most, nearest)
            events += endpointer.advance(judged[at:upto])
            at = upto
        found.append([*events, *endpointer.finish()])
    assert found[0] == found[1] == found[2]
    decided, ended, state = 0, 0, "silence"
    for event in found[0]:
        assert event.decided_at >= decided
        decided = event.decided_at
        if isinstance(event, SpeechBegan):
            assert state == "silence"
            assert ended <= event.start <= event.speech < event.decided_at
            began, state = event.start, "speech"
        elif isinstance(event, TookTurn):
            assert state == "speech"
            state = "floor"
        else:
            assert state in ("speech", "floor")
            assert event.took_floor == (state == "floor")
            assert began == event.start < event.end <= event.decided_at
            ended, state = event.decided_at, "silence"
    assert state == "silence"


@pytest.mark.parametrize("before_s", [0.0, 1.0])
@pytest.mark.parametrize("word", WORDS)
def test_words_of_200_ms_are_heard_whole(detector, word, before_s):
    """Includes speech from the first sample on."""
    short = spoken(*WORDS)[word].between(0, 0.2)
    clip = in_a_room(before_s, short)
    started, stopped = only(events_of(detector, clip), SpeechBegan), only(events_of(detector, clip), SpeechEnded)
    assert len(started) == len(stopped) == 1
    assert seconds(started[0].start) <= before_s
    assert seconds(started[0].decided_at) <= before_s + 0.2
    assert seconds(stopped[0].decided_at) >= before_s + short.duration_s


@pytest.mark.parametrize("seed", range(3))
def test_a_producer_that_jitters_by_50_ms_changes_nothing(detector, seed):
    text = "Put Meta on my watchlist"
    clip = in_a_room(0.3, spoken(text)[text], 2.0, spoken(text)[text])
    once = events_of(detector, clip)
    assert len(only(once, SpeechEnded)) == 2
    assert events_of(detector, clip, seed=seed) == once


def test_every_shipped_recording_is_one_utterance_from_its_first_to_its_last_sound(detector):
    every = [(sample, sample.clip().at_rate(SPEECH_RATE_HZ)) for sample in SHIPPED]
    # In noise, the first loud sample is not the start of speech.
    quiet = [(sample, clip) for sample, clip in every if np.abs(clip.samples[:1600]).max() < 10 ** (-45 / 20)]
    clips = [clip for _, clip in quiet]
    endpointers = [Endpointer(detector.stream()) for _ in clips]
    rooms = [in_a_room(clip, after_s=1.5, seed=number) for number, clip in enumerate(clips)]
    found = feed_many(detector, endpointers, rooms)
    for sample, clip, events in zip((sample for sample, _ in quiet), clips, found, strict=True):
        started, stopped = only(events, SpeechBegan), only(events, SpeechEnded)
        assert len(started) == len(stopped) == 1, sample.id
        loud = np.flatnonzero(np.abs(clip.samples) > 10 ** (-45 / 20))
        assert started[0].start <= loud[0], sample.id
        assert stopped[0].decided_at > loud[-1], sample.id
        # Without words, a very short request may count as a backchannel.
        assert stopped[0].took_floor or stopped[0].end - started[0].start < SPEECH_RATE_HZ, sample.id


def test_a_pause_inside_a_sentence_does_not_cut_it(detector):
    first, second = "What is the price of", "Coca-Cola?"
    said = spoken(first, second)
    for pause_s in (0.2, 0.4):
        clip = in_a_room(0.3, said[first], pause_s, said[second])
        (stopped,) = only(events_of(detector, clip), SpeechEnded)
        assert seconds(stopped.end) > clip.duration_s - 2.2


def words_and_silence(detector, text, silence_s):
    """Feed speech, note the transcript, and return the silence after which the utterance ended."""
    endpointer = Endpointer(detector.stream())
    endpointer.feed(in_a_room(0.3, spoken("What is the price of")["What is the price of"], after_s=0.2))
    endpointer.note_partial(text)
    for event in endpointer.feed(in_a_room(after_s=silence_s)):
        if isinstance(event, SpeechEnded):
            return seconds(event.decided_at - event.end), event.verdict
    return None, None


def test_words_that_want_more_are_waited_for_and_finished_ones_are_not(detector):
    unfinished_s, verdict = words_and_silence(detector, "what is the price of", 3.0)
    assert verdict is Completeness.UNFINISHED
    open_s, verdict = words_and_silence(detector, "what is the price of apple", 3.0)
    assert verdict is Completeness.OPEN
    complete_s, verdict = words_and_silence(detector, "what is the price of apple please", 3.0)
    assert verdict is Completeness.COMPLETE
    frame_s = FRAME / SPEECH_RATE_HZ
    assert open_s == pytest.approx(SETTINGS.silence_s, abs=frame_s)
    assert unfinished_s == pytest.approx(SETTINGS.silence_s * SETTINGS.unfinished_factor, abs=frame_s)
    assert complete_s < open_s < unfinished_s


def scripted(endpointer, *stretches):
    return [event for probability, frames in stretches for event in endpointer.advance([probability] * frames)]


def test_little_speech_is_waited_for_longer():
    def silence_after(frames):
        (stopped,) = only(scripted(Endpointer(Scripted()), (1.0, frames), (0.0, 100)), SpeechEnded)
        return stopped.decided_at - stopped.end

    assert silence_after(10) > silence_after(60)


def test_a_text_that_more_speech_followed_says_nothing():
    endpointer = Endpointer(Scripted())
    scripted(endpointer, (1.0, 40), (0.0, 2))
    assert endpointer.in_pause
    endpointer.note_partial("what is the price of")
    (stopped,) = only(scripted(endpointer, (1.0, 5), (0.0, 100)), SpeechEnded)
    assert stopped.verdict is Completeness.OPEN


def test_a_text_without_an_utterance_is_ignored():
    endpointer = Endpointer(Scripted())
    assert not endpointer.speaking
    endpointer.note_partial("and the")
    (stopped,) = only(scripted(endpointer, (1.0, 40), (0.0, 100)), SpeechEnded)
    assert stopped.verdict is Completeness.OPEN


def test_the_end_of_the_sound_ends_the_utterance(detector):
    word = spoken(*WORDS)["yes"]
    events = events_of(detector, word.between(0, 0.09))
    assert [type(event) for event in events] == [SpeechBegan, SpeechEnded]
    assert Endpointer(detector.stream()).finish() == []


def test_a_click_is_no_utterance():
    assert scripted(Endpointer(Scripted()), (0.0, 5), (1.0, 1), (0.0, 100)) == []


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"quiet_below": 0.6}, "quiet_below <= speech_at"), ({"speech_at": 1.5}, "speech_at"),
     ({"silence_s": -1.0}, "silence_s must be 0 to 60, not -1.0"), ({"padding_s": 1000.0}, "padding_s"),
     ({"silence_s": float("nan")}, "silence_s")],
)  # fmt: skip
def test_settings_that_make_no_sense_are_refused(wrong, message):
    with pytest.raises(InputError, match=message):
        EndpointSettings(**wrong)


@given(st.lists(st.integers(0, 3000), min_size=1, max_size=30), st.integers(0, 8000))
def test_what_came_before_is_kept_long_enough(lengths, back):
    keep_s = 0.5
    lookback = Lookback(keep_s)
    ramp = np.arange(sum(lengths), dtype=np.float32)
    at = 0
    for length in lengths:
        lookback.feed(Clip(ramp[at : at + length], SPEECH_RATE_HZ))
        at += length
    since = max(0, at - back)
    assert (lookback.since(since).samples == ramp[since:]).all()
    with pytest.raises(ValueError, match="is not buffered"):
        lookback.since(at + 1)


def test_memory_of_the_past_is_bounded():
    lookback = Lookback(0.5)
    for _ in range(1000):
        lookback.feed(Clip.silence(0.02))
    with pytest.raises(ValueError, match="is not buffered"):
        lookback.since(1000 * 320 - 8000 - 641)


def test_an_utterance_can_be_taken_from_its_start(detector):
    """The settings give the required amount of past audio."""
    lookback, endpointer = Lookback(SETTINGS.lookback_s), Endpointer(detector.stream())
    word = trimmed(spoken(*WORDS)["stop"])
    for piece in chunked(in_a_room(1.0, word), 0, longest_s=0.02):
        lookback.feed(piece)
        for event in only(endpointer.feed(piece), SpeechBegan):
            taken = lookback.since(event.start)
            assert taken.duration_s >= SETTINGS.padding_s
            return
    pytest.fail("nothing was heard")


def test_the_energy_detector_finds_the_same_utterances():
    text = "Put Meta on my watchlist"
    clip = in_a_room(0.5, spoken(text)[text], 2.0, spoken(text)[text])
    assert len(only(events_of(Energy(), clip), SpeechEnded)) == 2


def test_the_example_in_the_document_runs():
    document = (Path(__file__).parents[2] / "docs" / "explanation" / "conversation.md").read_text(encoding="utf-8")
    blocks = [block for block in re.findall(r"^```python\n(.*?)^```", document, re.DOTALL | re.MULTILINE)
              if "Endpointer" in block]  # fmt: skip
    assert blocks
    for block in blocks:
        example = doctest.DocTestParser().get_doctest(block, {}, "conversation.md", "conversation.md", 0)
        said = []
        runner = doctest.DocTestRunner()
        runner.run(example, out=said.append)
        assert runner.summarize(verbose=False).failed == 0, "".join(said)
