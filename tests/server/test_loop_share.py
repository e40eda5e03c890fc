"""A client that uses much of the event loop's time waits while others are active, and only then."""

from __future__ import annotations

import asyncio
import gc
import time
import weakref
from typing import Any

import pytest

from server.loop_share import LoopShare, Meter
from voicelab.engines.pool.clients import client_scope

SHARE = 0.25


def burn(duration_s: float) -> None:
    """Use the CPU without yielding."""
    end_s = time.perf_counter() + duration_s
    while time.perf_counter() < end_s:
        pass


async def step(share: LoopShare, client: str | None, used_s: float) -> float:
    """Use the loop once it is the client's turn. Returns the seconds waited."""
    with client_scope(client):
        begun_s = time.perf_counter()
        await share.turn()
        waited_s = time.perf_counter() - begun_s

        async def work() -> None:
            burn(used_s)

        await share.timed(work())
    return waited_s


async def test_a_client_that_is_alone_never_waits() -> None:
    share = LoopShare(SHARE)
    assert max([await step(share, "greedy", 0.02) for _ in range(10)]) < 0.01


async def test_a_greedy_client_waits_for_its_share_and_a_modest_one_does_not() -> None:
    share = LoopShare(SHARE)
    await step(share, "modest", 0.001)
    waits_s = [await step(share, "greedy", 0.1), await step(share, "greedy", 0.02)]
    # 100 ms are paid back after 400 ms, of which 200 ms (50 ms of the loop's time) may be used ahead.
    assert waits_s[0] < 0.02
    assert waits_s[1] == pytest.approx(0.2, abs=0.1)
    assert await step(share, "modest", 0.001) < 0.02


async def test_the_tasks_of_one_client_continue_one_by_one() -> None:
    share, running, most = LoopShare(SHARE), 0, 0
    await step(share, "modest", 0.001)
    await step(share, "greedy", 0.06)

    async def one() -> None:
        nonlocal running, most
        with client_scope("greedy"):
            await share.turn()
            running += 1
            most = max(most, running)
            await share.timed(asyncio.sleep(0, burn(0.005)))
            running -= 1

    await asyncio.gather(*(one() for _ in range(4)))
    assert most <= 2


async def test_an_unknown_client_neither_waits_nor_counts() -> None:
    share = LoopShare(SHARE)
    await step(share, "greedy", 0.1)
    assert await step(share, None, 0.1) < 0.02
    assert await step(share, "greedy", 0.01) < 0.02


async def test_timed_work_returns_raises_and_is_cancelled_as_if_it_were_awaited() -> None:
    share = LoopShare(SHARE)

    async def given(value: int) -> int:
        await asyncio.sleep(0)
        return value

    async def failing() -> None:
        await asyncio.sleep(0)
        raise ValueError("wrong")

    cancelled = asyncio.Event()

    async def endless() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            cancelled.set()
            raise

    assert await share.timed(given(3)) == 3
    with pytest.raises(ValueError, match="wrong"):
        await share.timed(failing())
    task = asyncio.create_task(share.timed(endless()))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert cancelled.is_set()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.01):
            await share.timed(asyncio.sleep(60))


async def test_messages_wait_for_their_turn_and_disconnects_do_not() -> None:
    share = LoopShare(SHARE)
    messages: list[dict[str, Any]] = [{"type": "http.disconnect"}, {"type": "http.request"}]
    await step(share, "modest", 0.001)
    await step(share, "greedy", 0.1)
    with client_scope("greedy"):
        receive = share.receiver(lambda: asyncio.sleep(0, messages.pop(0)))
        begun_s = time.perf_counter()
        assert (await receive())["type"] == "http.disconnect"
        assert time.perf_counter() - begun_s < 0.05
        assert (await receive())["type"] == "http.request"
        assert time.perf_counter() - begun_s > 0.1


async def test_the_time_of_parsing_counts_once_the_client_of_the_connection_is_known() -> None:
    share = LoopShare(SHARE)
    meter = Meter(share)
    await step(share, "modest", 0.001)
    meter.add(time.perf_counter() - 0.2)
    assert not meter.is_over
    meter.bind("greedy")
    assert meter.is_over
    await meter.turn()
    meter.add(time.perf_counter() - 0.2)
    assert meter.is_over
    await meter.turn()
    assert not meter.is_over


async def test_inactive_clients_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.loop_share._MANY_CLIENTS", 10)
    share = LoopShare(SHARE)
    for number in range(100):
        share.add(0.0, time.perf_counter(), f"client {number}")
    assert len(share._clients) <= 11


async def test_cancelled_work_leaves_nothing_to_the_garbage_collector() -> None:
    async def endless(held: set[str]) -> None:
        await asyncio.sleep(60)
        held.clear()

    held = {"held"}
    seen = weakref.ref(held)
    gc.collect()
    gc.disable()
    try:
        task = asyncio.create_task(LoopShare(SHARE).timed(endless(held)))
        del held
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        del task
        assert seen() is None
    finally:
        gc.enable()
