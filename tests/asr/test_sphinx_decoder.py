"""PocketSphinx through its C functions gives the results of its Python class, and releases the GIL."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.speech import SET
from voicelab.asr.pocketsphinx import decoder as sphinx_decoder
from voicelab.asr.pocketsphinx.decoder import SphinxDecoder
from voicelab.asr.pocketsphinx.recognizer import PocketSphinx
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.errors import EngineError

pocketsphinx = pytest.importorskip("pocketsphinx")
_OPTIONS = {"samprate": SPEECH_RATE_HZ, "beam": 1e-40}
_PIECE_BYTES = 640


@pytest.fixture(scope="module")
def clips() -> list[Clip]:
    return [sample.clip().at_rate(SPEECH_RATE_HZ) for sample in SET.samples[:3]]


def test_it_hears_what_the_python_class_hears_word_by_word_with_the_same_probability(clips):
    ours, theirs = SphinxDecoder(_OPTIONS), pocketsphinx.Decoder(loglevel="FATAL", **_OPTIONS)
    heard = set()
    for clip in clips:
        pcm16 = clip.to_pcm16()
        ours.start_utt(), theirs.start_utt()
        for start in range(0, len(pcm16), _PIECE_BYTES):
            ours.process_raw(pcm16[start : start + _PIECE_BYTES])
            theirs.process_raw(pcm16[start : start + _PIECE_BYTES], False, False)
            best = theirs.hyp()
            assert ours.text() == (best.hypstr if best is not None else None)
        ours.end_utt(), theirs.end_utt()
        assert ours.text() == theirs.hyp().hypstr
        assert ours.probability() == theirs.hyp().prob
        assert ours.get_cmn() == theirs.get_cmn(False)
        heard.add(ours.text())
    assert len(heard) == len(clips)


def test_it_leaves_pythons_lock_while_it_searches(clips):
    decoder, others_turns, searched = SphinxDecoder(_OPTIONS), 0, threading.Event()

    def search() -> None:
        decoder.start_utt()
        decoder.process_raw(Clip.join(clips).to_pcm16())
        searched.set()

    thread = threading.Thread(target=search)
    thread.start()
    while not searched.wait(0.001):
        others_turns += 1
    thread.join()
    assert others_turns > 20, "a call of seconds that kept the lock would leave two or three"


def test_utterances_that_are_heard_at_once_are_heard_as_if_alone(clips):
    engine = PocketSphinx()
    engine.load()

    def hear(clip: Clip) -> tuple[str, float | None]:
        stream = engine.stream()
        for start in range(0, len(clip.samples), 320):
            stream.feed(Clip(clip.samples[start : start + 320], clip.rate_hz))
        heard = stream.finish()
        stream.close()
        return heard.text, heard.confidence

    alone = [hear(clip) for clip in clips]
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(hear, 2 * clips)) == 2 * alone


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"beam": -1.0}, "beam must be above 0 and at most 1, not -1"),
        ({"wbeam": 0.0}, "wbeam must be above 0"),
        ({"beam": float("nan")}, "beam must be above 0"),
        ({"cmn_s": -0.5}, "cmn_s must be a number of seconds"),
        ({"cmn_s": float("inf")}, "cmn_s must be a number of seconds"),
        ({"max_decoders": 0}, "max_decoders must be at least 1"),
    ],
)
def test_a_value_that_means_nothing_is_told_and_not_searched_with(options, told):
    with pytest.raises(EngineError, match=told):
        PocketSphinx(**options)


def test_options_that_pocketsphinx_does_not_know_are_named():
    with pytest.raises(EngineError, match="nonsense"):
        SphinxDecoder({"nonsense": 1.0})


def test_a_call_that_fails_is_an_error_and_no_silence():
    decoder = SphinxDecoder(_OPTIONS)
    with pytest.raises(EngineError, match="ps_end_utt failed"):
        decoder.end_utt()


def test_a_build_that_hides_the_functions_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sphinx_decoder._FUNCTIONS, "ps_not_there", (None, []))
    sphinx_decoder._library.cache_clear()
    with pytest.raises(EngineError, match="lacks the function ps_not_there; install the wheel"):
        SphinxDecoder(_OPTIONS)
    monkeypatch.undo()
    sphinx_decoder._library.cache_clear()
