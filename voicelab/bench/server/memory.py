"""What connections cost in memory while nothing is said, and what is left of them when they are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from voicelab.bench.server.findings import Finding
from voicelab.bench.server.talker import Talker
from voicelab.bench.server.watch import Vitals

AT_ONCE = 50
"""So many connections are opened side by side."""
_WARM_UP = 0.2
_SETTLE_S = 30.0
_LOOK_AGAIN_S = 0.5
_MIB = 2**20
# What the allocator keeps for itself wanders by so much from look to look.
_SLACK_MIB = 2.0


async def idle(address: str, connections: int, for_s: float, tick: Callable[[], None]) -> list[Finding]:
    """The memory of connections that have begun a session and say nothing, and how it grows while they stand.

    tick: called for every AT_ONCE connections, and once for the wait.
    """
    await _come_and_go(address, connections)
    empty = await settled(address)
    async with AsyncExitStack() as stack:
        for _ in range(0, connections, AT_ONCE):
            opening = (stack.enter_async_context(Talker.connect(address)) for _ in range(AT_ONCE))
            await asyncio.gather(*opening)
            tick()
        full = await Vitals.of(address)
        await asyncio.sleep(for_s)
        later = await Vitals.of(address)
        tick()
    each_kib = (full.rss_bytes - empty.rss_bytes) / connections / 1024
    grown_mib = (later.rss_bytes - full.rss_bytes) / _MIB
    what = f"growth of {connections} idle connections in {for_s:g} s"
    return [
        Finding("memory", "memory of an idle connection", each_kib, "KiB", connections),
        Finding("memory", what, grown_mib, "MiB", connections, most=_SLACK_MIB),
    ]


async def churn(address: str, times: int, tick: Callable[[], None]) -> list[Finding]:
    """What is left after so many connections that began a session and went; the first fifth warms the server up.

    tick: called for every AT_ONCE connections.
    """
    warm_up = round(_WARM_UP * times)
    for _ in range(0, warm_up, AT_ONCE):
        await _come_and_go(address, AT_ONCE)
        tick()
    before = await settled(address)
    for _ in range(warm_up, times, AT_ONCE):
        await _come_and_go(address, AT_ONCE)
        tick()
    after = await settled(address)
    return left_over("memory", f"after {times} connects and disconnects", before, after, times, _SLACK_MIB)


def left_over(part: str, when: str, before: Vitals, after: Vitals, count: int, slack_mib: float) -> list[Finding]:
    """What a server holds more than before, in memory, file descriptors, threads and tasks."""
    grown_mib = (after.rss_bytes - before.rss_bytes) / _MIB
    return [
        Finding(part, f"memory more, {when}", grown_mib, "MiB", count, most=slack_mib),
        Finding(part, f"file descriptors more, {when}", after.fds - before.fds, "", count, most=0),
        Finding(part, f"threads more, {when}", after.threads - before.threads, "", count, most=0),
        Finding(part, f"tasks more, {when}", after.tasks - before.tasks, "", count, most=0),
    ]


async def settled(address: str) -> Vitals:
    """The server's vitals once its connections are gone and it has put away what was theirs.

    That is when two looks one after the other find the same; the last look, should that never be.
    """
    last: Vitals | None = None
    for _ in range(round(_SETTLE_S / _LOOK_AGAIN_S)):
        now = await Vitals.of(address)
        if last is not None and not now.connections and (now.fds, now.tasks) == (last.fds, last.tasks):
            return now
        last = now
        await asyncio.sleep(_LOOK_AGAIN_S)
    assert last is not None
    return last


async def _come_and_go(address: str, connections: int) -> None:
    async def one() -> None:
        async with Talker.connect(address):
            pass

    for _ in range(0, connections, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
