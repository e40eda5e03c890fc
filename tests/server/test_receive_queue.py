"""Queued events are taken in order, urgent ones first, in constant time."""

from __future__ import annotations

import asyncio
from time import perf_counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.messages import AudioChunk, ErrorCode, Heartbeat, Interrupt, Refused, TypedText
from server.session.receive_queue import Arrival, ReceiveQueue

KINDS = {
    "chunk": AudioChunk(audio_chunk="", is_final=False),
    "text": TypedText(text="hello"),
    "interrupt": Interrupt(),
    "heartbeat": Heartbeat(),
    "refused": Refused(ErrorCode.BAD_JSON, "not JSON"),
}
URGENT = {"interrupt", "heartbeat"}


def arrival(kind: str, number: int) -> Arrival:
    return Arrival(KINDS[kind], 10, float(number))


async def forever() -> None:
    await asyncio.Event().wait()


STEPS = st.lists(st.sampled_from([*KINDS, "take", "take urgent", "let chunks overtake"]), max_size=60)


@given(STEPS)
def test_it_is_one_queue_from_which_urgent_events_may_be_taken_first(steps: list[str]) -> None:
    """Compared with a list that is searched from its start."""

    async def compare() -> None:
        receive_queue, waiting, urgent = ReceiveQueue(1_000_000), list[tuple[str, Arrival]](), set(URGENT)
        turn = asyncio.create_task(forever())
        for number, step in enumerate(steps):
            first = next((one for one in waiting if one[0] in urgent), None)
            if step in KINDS:
                waiting.append((step, arrival(step, number)))
                receive_queue.put(waiting[-1][1])
            elif step == "take" and waiting:
                assert await receive_queue.take() is waiting.pop(0)[1]
            elif step == "take urgent" and first is not None:
                assert await receive_queue.urgent_before(turn) is first[1]
                waiting.remove(first)
            elif step == "let chunks overtake":
                receive_queue.let_overtake(AudioChunk)
                urgent.add("chunk")
        for _, expected in waiting:
            assert await receive_queue.take() is expected
        turn.cancel()

    asyncio.run(compare())


async def test_what_may_wait_has_a_limit_in_both_queues_together() -> None:
    receive_queue = ReceiveQueue(8_000)
    for kind in ("chunk", "interrupt", "chunk"):
        receive_queue.put(arrival(kind, 0))
    with pytest.raises(Refused) as caught:
        receive_queue.put(arrival("interrupt", 0))
    assert caught.value.code == "too_far_ahead"
    await receive_queue.take()
    receive_queue.put(arrival("interrupt", 0))


async def test_a_turn_that_ends_ends_the_wait_for_what_is_urgent() -> None:
    receive_queue = ReceiveQueue(8_000)
    receive_queue.put(arrival("chunk", 0))
    assert await receive_queue.urgent_before(asyncio.create_task(asyncio.sleep(0.01))) is None
    assert (await receive_queue.take()).event is KINDS["chunk"]


async def test_an_urgent_event_costs_the_same_however_much_waits_before_it() -> None:
    """Regression: each interrupt searched all chunks that were sent ahead, so 6 kB per second occupied a core."""

    async def cost(waiting: int) -> float:
        receive_queue, turn = ReceiveQueue(10**9), asyncio.create_task(forever())
        for number in range(waiting):
            receive_queue.put(arrival("chunk", number))
        begun_s = perf_counter()
        for _ in range(300):
            receive_queue.put(arrival("interrupt", 0))
            await receive_queue.urgent_before(turn)
        turn.cancel()
        return perf_counter() - begun_s

    few_s = min([await cost(10) for _ in range(3)])
    many_s = min([await cost(20_000) for _ in range(3)])
    assert many_s < 5 * few_s
