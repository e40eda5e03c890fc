"""A decoder is made only while more speak than ever before, and nobody waits for one that another does not need."""

import threading

import pytest

from tests.serving import PATIENCE_S
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
