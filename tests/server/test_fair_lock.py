"""The lock of the history serves clients in turn and loses none."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.fair_lock import FairLock
from voicelab.engines.pool.clients import client_scope

PATIENCE_S = 20.0


async def hold(lock: FairLock, client: str, name: str, order: list[str]) -> None:
    with client_scope(client):
        async with lock.held(PATIENCE_S):
            order.append(name)
            await asyncio.sleep(0)


async def test_clients_get_it_in_turn_and_each_clients_tasks_in_order():
    lock, order = FairLock(), []
    names = ["a1", "a2", "a3", "a4", "b1", "b2", "c1"]
    await asyncio.gather(*(hold(lock, name[0], name, order) for name in names))
    assert order == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_who_waits_too_long_gives_up_and_the_others_go_on():
    lock, order = FairLock(), []
    async with lock.held(PATIENCE_S):
        with pytest.raises(TimeoutError):
            async with lock.held(0.01):
                pass
        after = asyncio.create_task(hold(lock, "a", "after", order))
        await asyncio.sleep(0)
    await after
    assert order == ["after"]


@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans()), max_size=12),
    st.integers(1, 3),
    st.randoms(use_true_random=False),
)
def test_no_more_than_its_places_are_taken_and_cancelled_tasks_cost_none(tasks, places, chance):
    async def check() -> None:
        lock, inside, most = FairLock(places), 0, 0

        async def work(client: str) -> None:
            nonlocal inside, most
            with client_scope(client):
                async with lock.held(PATIENCE_S):
                    inside += 1
                    most = max(most, inside)
                    try:
                        await asyncio.sleep(0)
                    finally:
                        inside -= 1

        running = [(asyncio.create_task(work(client)), is_cancelled) for client, is_cancelled in tasks]
        for task, is_cancelled in running:
            for _ in range(chance.randrange(3)):
                await asyncio.sleep(0)
            if is_cancelled:
                task.cancel()
        await asyncio.gather(*(task for task, _ in running), return_exceptions=True)
        assert inside == 0
        assert most <= places
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(work("d") for _ in range(places + 1)))

    asyncio.run(check())
