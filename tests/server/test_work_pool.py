"""Blocking work runs in a limited number of threads with a bounded queue."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
import weakref
from collections.abc import Iterator

import pytest

from voicelab.engines.pool.clients import client_scope
from voicelab.engines.pool.work_pool import WorkPool
from voicelab.errors import BusyError


@pytest.fixture
def gate() -> Iterator[threading.Event]:
    """The event that jobs wait for; set at the end, so that no thread remains."""
    event = threading.Event()
    yield event
    event.set()


async def started(pool: WorkPool, gate: threading.Event, count: int) -> list[asyncio.Task[bool]]:
    tasks = [asyncio.create_task(pool.run(gate.wait, 30)) for _ in range(count)]
    await asyncio.sleep(0.01)
    return tasks


async def test_no_more_jobs_run_at_once_than_there_are_threads() -> None:
    pool, lock, running, most = WorkPool("test", 3, 20), threading.Lock(), 0, 0

    def job(number: int) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return number

    assert await asyncio.gather(*(pool.run(job, number) for number in range(20))) == list(range(20))
    assert most == 3
    assert pool.unfinished == 0


async def test_a_full_queue_refuses_at_once_and_takes_work_again_later(gate: threading.Event) -> None:
    pool = WorkPool("decoding", 1, 2)
    tasks = await started(pool, gate, 3)
    with pytest.raises(BusyError, match=r"the queue of decoding is full \(2 jobs\); try again later"):
        await pool.run(gate.wait)
    assert (pool.unfinished, pool.refused) == (3, 1)
    gate.set()
    assert await asyncio.gather(*tasks) == [True] * 3
    assert await pool.run(lambda: "works")


async def test_it_serves_as_an_event_loops_executor(gate: threading.Event) -> None:
    pool, loop = WorkPool("test", 1, 0), asyncio.get_running_loop()
    assert await loop.run_in_executor(pool, divmod, 7, 2) == (3, 1)
    await started(pool, gate, 1)
    with pytest.raises(BusyError):
        await loop.run_in_executor(pool, divmod, 7, 2)


async def test_one_pool_does_not_wait_for_another(gate: threading.Event) -> None:
    busy, other = WorkPool("busy", 1, 5), WorkPool("other", 1, 5)
    await started(busy, gate, 6)
    assert await asyncio.wait_for(other.run(lambda: 1), 5) == 1


async def test_work_whose_caller_has_left_is_not_begun_and_frees_its_place(gate: threading.Event) -> None:
    pool, begun = WorkPool("test", 1, 1), []
    (first,) = await started(pool, gate, 1)
    waiting = asyncio.create_task(pool.run(begun.append, 1))
    await asyncio.sleep(0.01)
    waiting.cancel()
    await asyncio.wait([waiting])
    second = asyncio.create_task(pool.run(begun.append, 2))
    await asyncio.sleep(0.01)
    gate.set()
    await asyncio.gather(first, second)
    assert begun == [2]


async def test_a_call_that_no_thread_begins_in_time_is_given_up_and_one_that_has_begun_is_not(
    gate: threading.Event,
) -> None:
    pool, begun = WorkPool("test", 1, 4), list[int]()
    running = asyncio.create_task(pool.run_within(0.05, gate.wait, 30))
    await asyncio.sleep(0.01)
    with pytest.raises(TimeoutError, match=r"no thread of test was free within 0\.05 s"):
        await pool.run_within(0.05, begun.append, 1)
    await asyncio.sleep(0.05)
    assert not running.done()
    gate.set()
    assert await running is True
    assert (begun, pool.unfinished) == ([], 0)


async def test_the_processor_time_of_a_clients_jobs_is_reported_also_if_it_has_left(gate: threading.Event) -> None:
    pool, reported = WorkPool("test", 2, 4), list[tuple[float, str | None]]()
    pool.account = lambda used_s, client: reported.append((used_s, client))

    def work() -> None:
        gate.wait(30)
        end_s = time.thread_time() + 0.02
        while time.thread_time() < end_s:
            continue

    await pool.run(int)
    with client_scope("ada"):
        left = asyncio.create_task(pool.run(work))
        await asyncio.sleep(0.01)
    left.cancel()
    gate.set()
    while not reported:  # noqa: ASYNC110 - a thread reports
        await asyncio.sleep(0.01)
    assert [client for _, client in reported] == ["ada"], "work without a client is the server's own"
    assert 0.02 <= reported[0][0] < 1


async def test_cancelling_the_caller_of_a_limited_call_is_not_a_time_out(gate: threading.Event) -> None:
    pool = WorkPool("test", 1, 4)
    await started(pool, gate, 1)
    waiting = asyncio.create_task(pool.run_within(30, gate.wait, 30))
    await asyncio.sleep(0.01)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_a_job_that_was_given_up_while_it_ran_still_counts(gate: threading.Event) -> None:
    """Otherwise a client that repeatedly requests and disconnects could start any number of jobs."""
    pool = WorkPool("test", 1, 0)
    (task,) = await started(pool, gate, 1)
    task.cancel()
    await asyncio.wait([task])
    with pytest.raises(BusyError):
        await pool.run(gate.wait)


async def test_a_fault_is_raised_where_the_result_is_awaited_and_costs_no_thread() -> None:
    pool = WorkPool("test", 1, 4)
    with pytest.raises(ZeroDivisionError):
        await pool.run(lambda: 1 // 0)
    assert await pool.run(lambda: 2) == 2


async def test_nothing_of_a_job_is_kept_once_it_is_done() -> None:
    class Sound:
        pass

    pool, sound = WorkPool("test", 1, 4), Sound()
    seen = weakref.ref(sound)
    assert await pool.run(id, sound) == id(sound)
    del sound
    await pool.run(gc.collect)
    assert seen() is None


async def test_closing_drops_what_waits_and_is_not_held_up(gate: threading.Event) -> None:
    pool = WorkPool("test", 1, 4)
    _running, waiting = await started(pool, gate, 2)
    pool.close()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    with pytest.raises(BusyError):
        await pool.run(gate.wait)


async def test_clients_are_served_in_turn_and_one_never_has_all_threads(gate: threading.Event) -> None:
    pool, order = WorkPool("test", 2, 20), list[str]()
    with client_scope("many"):
        many = [asyncio.create_task(pool.run(gate.wait, 30)) for _ in range(3)]
        await asyncio.sleep(0.01)
        many += [asyncio.create_task(pool.run(order.append, f"many {number}")) for number in range(3)]  # type: ignore[arg-type]
        await asyncio.sleep(0.01)
    with client_scope("few"):
        await asyncio.wait_for(pool.run(order.append, "few"), 5)
    assert order == ["few"]
    gate.set()
    await asyncio.gather(*many)
    assert order == ["few", "many 0", "many 1", "many 2"]
