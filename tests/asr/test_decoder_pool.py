"""The decoder pool is bounded: decoders are created on demand, reused, and freed when idle."""

from __future__ import annotations

import gc
import threading
import time
import weakref
from collections.abc import Callable, Iterator

import pytest

from tests.support.serving import PATIENCE_S, until
from voicelab.asr.pocketsphinx import decoder_pool
from voicelab.asr.pocketsphinx.decoder_pool import DecoderPool
from voicelab.asr.pocketsphinx.recognizer import default_decoders
from voicelab.errors import EngineBusyError, EngineError


class Decoder:
    pass


class Utterance:
    """An utterance that releases its decoder when idle."""

    def __init__(self, shelf: DecoderPool, *, idle_s: float = 0.0) -> None:
        self.shelf, self.idle_s = shelf, idle_s
        self.decoder: Decoder | None = None

    def speak(self, limit_s: float = PATIENCE_S) -> Utterance:
        self.decoder = self.shelf.wait(self, limit_s)
        return self

    def end(self) -> None:
        decoder, self.decoder = self.decoder, None
        self.shelf.put_back(self, decoder)

    def give_up(self, idle_s: float) -> Decoder | None:
        if self.idle_s < idle_s:
            return None
        decoder, self.decoder = self.decoder, None
        return decoder


class Factory:
    """Creates decoders and tracks the live ones. may: event that each creation waits for."""

    def __init__(self) -> None:
        self.made: list[weakref.ref[Decoder]] = []
        self.may = threading.Event()
        self.may.set()

    def __call__(self) -> Decoder:
        assert self.may.wait(PATIENCE_S)
        decoder = Decoder()
        self.made.append(weakref.ref(decoder))
        return decoder

    @property
    def alive(self) -> int:
        gc.collect()
        return sum(one() is not None for one in self.made)


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoder_pool, "_LOOK_AGAIN_S", 0.01)
    monkeypatch.setattr(decoder_pool, "_RECLAIM_EVERY_S", 0.0)


@pytest.fixture
def factory() -> Iterator[Factory]:
    made = Factory()
    yield made
    made.may.set()


def settled(work: Callable[[], int], value: int) -> None:
    """Check that a value is reached and stays."""
    until(lambda: work() == value)
    time.sleep(0.05)
    assert work() == value


def test_utterances_one_after_the_other_share_one(factory: Factory) -> None:
    shelf = DecoderPool(factory, most=4)
    for _ in range(5):
        Utterance(shelf).speak().end()
    assert len(factory.made) == 1


def test_those_that_say_little_have_none_made_for_each(factory: Factory) -> None:
    """Regression: sixteen sockets with 20 ms of audio each grew a recognizer by 1.4 GB."""
    shelf = DecoderPool(factory, most=32)
    for _ in range(16):
        shelf.expect(Utterance(shelf))
    settled(lambda: len(factory.made), 2)


def test_there_are_never_more_than_the_most(factory: Factory) -> None:
    shelf = DecoderPool(factory, most=3)
    speaking = [Utterance(shelf).speak() for _ in range(3)]
    late = [Utterance(shelf) for _ in range(20)]
    assert [shelf.take(one) for one in late] == [None] * 20
    settled(lambda: len(factory.made), 3)
    speaking[0].end()
    assert shelf.take(late[7]) is not None
    assert shelf.take(late[8]) is None


def test_who_comes_later_waits_for_a_bounded_time(factory: Factory) -> None:
    shelf = DecoderPool(factory, most=1)
    speaking, late = Utterance(shelf).speak(), Utterance(shelf)
    with pytest.raises(EngineBusyError, match=r"all 1 decoders are in use \(option max_decoders\)"):
        late.speak(limit_s=0.05)
    threading.Timer(0.05, speaking.end).start()
    late.speak()
    assert len(factory.made) == 1


def test_who_asks_does_not_wait_while_one_is_made(factory: Factory) -> None:
    factory.may.clear()
    shelf, utterance = DecoderPool(factory, most=2), None
    utterance = Utterance(shelf)
    shelf.expect(utterance)
    assert shelf.take(utterance) is None
    factory.may.set()
    assert utterance.speak().decoder is not None


def test_what_one_did_not_need_is_the_next_ones(factory: Factory) -> None:
    shelf = DecoderPool(factory, most=2)
    says_nothing = Utterance(shelf)
    shelf.expect(says_nothing)
    until(lambda: len(factory.made) == 1)
    says_nothing.end()
    Utterance(shelf).speak()
    assert len(factory.made) == 1


def test_an_idle_utterance_loses_its_decoder_to_one_that_speaks(factory: Factory) -> None:
    shelf = DecoderPool(factory, most=2)
    busy, idle = Utterance(shelf).speak(), Utterance(shelf, idle_s=5.0).speak()
    lent = idle.decoder
    assert Utterance(shelf).speak().decoder is lent
    assert (idle.decoder, busy.decoder is None) == (None, False)
    with pytest.raises(EngineBusyError):
        idle.speak(limit_s=0.05)
    busy.end()
    assert idle.speak().decoder is not None


def test_an_abandoned_utterance_loses_its_decoder_though_nobody_asks(factory: Factory) -> None:
    now_s = 0.0
    shelf = DecoderPool(factory, most=4, clock=lambda: now_s)
    abandoned = [Utterance(shelf).speak() for _ in range(3)]
    for one in abandoned:
        one.idle_s = 60.0
    until(lambda: all(one.decoder is None for one in abandoned))
    now_s = 5.0
    settled(lambda: factory.alive, 1)


def test_memory_goes_back_seconds_after_many_have_left(factory: Factory) -> None:
    now_s = 0.0
    shelf = DecoderPool(factory, most=16, warm=2, clock=lambda: now_s)
    speaking = [Utterance(shelf).speak() for _ in range(12)]
    for one in speaking:
        one.end()
    assert factory.alive == 12
    now_s = 4.0
    settled(lambda: factory.alive, 2)
    now_s = 1000.0
    Utterance(shelf).speak().end()
    settled(lambda: factory.alive, 1)


def test_what_is_needed_is_not_let_go(factory: Factory) -> None:
    now_s = 0.0
    shelf = DecoderPool(factory, most=4, clock=lambda: now_s)
    both = [Utterance(shelf).speak(), Utterance(shelf).speak()]
    soon = [Utterance(shelf), Utterance(shelf)]
    for one in soon:
        shelf.expect(one)
    until(lambda: len(factory.made) == 4)
    for one in both:
        one.end()
    now_s = 1000.0
    settled(lambda: factory.alive, 2)
    for one in soon:
        one.speak()
    assert len(factory.made) == 4


def test_what_cannot_be_made_is_told_to_who_needs_it_and_tried_anew_for_the_next() -> None:
    attempts = []

    def make() -> Decoder:
        attempts.append(1)
        if len(attempts) == 1:
            raise EngineError("pocketsphinx", "no memory")
        return Decoder()

    shelf = DecoderPool(make, most=2)
    first = Utterance(shelf)
    with pytest.raises(EngineError, match="no memory"):
        first.speak()
    first.end()
    assert Utterance(shelf).speak().decoder is not None


def test_the_thread_that_keeps_them_ends_when_there_is_nothing_to_do(factory: Factory) -> None:
    shelf = DecoderPool(factory, most=4, warm=2)
    speaking = [Utterance(shelf).speak() for _ in range(2)]
    assert shelf._keeper is not None
    for one in speaking:
        one.end()
    until(lambda: shelf._keeper is None)


def test_how_many_there_may_be_follows_from_the_machine() -> None:
    assert default_decoders(64e9, 2) == 24, "as many as the cores could ever serve"
    assert default_decoders(4e9, 16) == 11, "a quarter of the memory"
    assert default_decoders(0.5e9, 1) == 2
