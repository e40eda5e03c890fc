"""A decoder is made only while more speak than of late, and nobody waits for one that another does not need."""

import threading
import weakref

import pytest

from tests.serving import PATIENCE_S, until
from voicelab.asr.decoder_shelf import DecoderShelf
from voicelab.errors import EngineError


class Maker:
    """Makes decoders that are numbers, each once it is allowed to."""

    def __init__(self) -> None:
        self.made = 0
        self.may = threading.Semaphore(0)

    def __call__(self):
        assert self.may.acquire(timeout=PATIENCE_S)
        self.made += 1
        return self.made


@pytest.fixture
def maker():
    maker = Maker()
    yield maker
    for _ in range(10):
        maker.may.release()  # nothing must hang at the end


def test_one_after_the_other_share_one(maker):
    shelf = DecoderShelf(maker)
    maker.may.release()
    for utterance in "abc":
        shelf.expect(utterance)
        assert shelf.take(utterance) == 1
        shelf.put_back(utterance, 1)
    assert maker.made == 1


def test_nobody_who_begins_waits_for_what_is_made(maker):
    shelf = DecoderShelf(maker)
    shelf.expect("a")
    shelf.expect("b")
    assert maker.made == 0
    for _ in range(2):
        maker.may.release()
    assert {shelf.take("b"), shelf.take("a")} == {1, 2}


def test_what_one_did_not_need_is_the_next_ones(maker):
    shelf = DecoderShelf(maker)
    shelf.expect("says nothing")
    shelf.put_back("says nothing", None)
    shelf.expect("speaks")
    maker.may.release()
    assert shelf.take("speaks") == 1
    shelf.expect("comes later")
    shelf.put_back("speaks", 1)
    assert shelf.take("comes later") == 1, "what is there goes before what is being made"


def test_what_cannot_be_made_is_told_to_who_needs_it_and_tried_anew_for_the_next():
    attempts = []

    def make():
        attempts.append(1)
        if len(attempts) == 1:
            raise EngineError("pocketsphinx", "no memory")
        return "decoder"

    shelf = DecoderShelf(make)
    shelf.expect("a")
    with pytest.raises(EngineError, match="no memory"):
        shelf.take("a")
    shelf.put_back("a", None)
    shelf.expect("b")
    assert shelf.take("b") == "decoder"


class Decoder:
    pass


def test_what_nobody_has_needed_for_long_is_let_go_but_for_those_who_are_expected_and_the_next():
    now_s = 0.0
    shelf = DecoderShelf(Decoder, clock=lambda: now_s)
    speaking = "abcde"
    for utterance in speaking:
        shelf.expect(utterance)
    decoders = {utterance: shelf.take(utterance) for utterance in speaking}
    names = {weakref.ref(decoder): utterance for utterance, decoder in decoders.items()}

    def kept():
        return "".join(name for decoder, name in names.items() if decoder() is not None)

    for utterance in "abcd":
        shelf.put_back(utterance, decoders.pop(utterance))
    for utterance in ("x", "y"):
        shelf.expect(utterance)
    now_s = 1000.0
    shelf.put_back("e", decoders.pop("e"))
    until(lambda: kept() == "de")
    assert [names[weakref.ref(shelf.take(utterance))] for utterance in ("x", "y")] == ["e", "d"]


def test_one_is_always_kept():
    now_s = 0.0
    shelf = DecoderShelf(Decoder, clock=lambda: now_s)
    shelf.expect("a")
    only = shelf.take("a")
    shelf.put_back("a", only)
    now_s = 1000.0
    shelf.expect("says nothing")
    shelf.put_back("says nothing", None)
    shelf.expect("speaks")
    assert shelf.take("speaks") is only


def test_what_was_used_of_late_is_kept():
    shelf = DecoderShelf(Decoder)
    for utterance in "ab":
        shelf.expect(utterance)
    both = {shelf.take(utterance) for utterance in "ab"}
    for utterance, decoder in zip("ab", both, strict=True):
        shelf.put_back(utterance, decoder)
    for utterance in "cd":
        shelf.expect(utterance)
    assert {shelf.take(utterance) for utterance in "cd"} == both
