"""Each model copy serves one call at a time; more copies are loaded only for several open utterances."""

import threading
import time

from voicelab.asr.moonshine.models import ModelPool


def pool_of(most, made, fail_after=None):
    def make():
        if fail_after is not None and len(made) >= fail_after:
            raise RuntimeError("no memory")
        made.append(object())
        return made[-1]

    pool = ModelPool(make, most)
    pool.warm()
    return pool


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_one_speaker_needs_one_copy():
    made = []
    pool = pool_of(4, made)
    for _ in range(3):
        pool.opened()
        with pool.one():
            pass
        pool.closed()
    assert len(made) == 1


def test_as_many_are_loaded_as_utterances_are_open_but_no_more_than_the_limit():
    made = []
    pool = pool_of(2, made)
    for _ in range(5):
        pool.opened()
    wait_for(lambda: len(made) == 2)
    with pool.one() as one, pool.one() as other:
        assert one is not other
    assert pool.count == 2


def test_no_copy_serves_two_calls_at_once():
    pool = pool_of(1, [])
    inside = []

    def call():
        with pool.one():
            inside.append(1)
            assert len(inside) == 1
            time.sleep(0.01)
            inside.pop()

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)


def test_a_copy_that_cannot_be_loaded_leaves_the_others_at_work(caplog):
    made = []
    pool = pool_of(3, made, fail_after=1)
    for _ in range(3):
        pool.opened()
    wait_for(lambda: pool.count == 1)
    with pool.one() as model:
        assert model is made[0]
    assert "could not load" in caplog.text
