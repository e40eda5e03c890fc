"""Measure the memory of idle connections, and leftovers after they close."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack

from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.remains import Remains, settled
from voicelab.analysis.bench.server.talker import Talker
from voicelab.analysis.bench.server.watch import Vitals

AT_ONCE = 50
"""Number of connections opened concurrently."""
_WARM_UP = 0.2
_MIB = 2**20
# The allocator's own memory varies by this much between measurements.
_SLACK_MIB = 2.0


async def idle(address: str, connections: int, for_s: float, tick: Callable[[], None]) -> list[Measurement]:
    """Measure the memory of idle connections with a session, and its growth while they stay open.

    tick: called for every AT_ONCE connections, and once for the wait.
    """
    await _come_and_go(address, connections)
    empty = await settled(address, None)
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
        Measurement("memory", "memory of an idle connection", each_kib, "KiB", connections),
        Measurement("memory", what, grown_mib, "MiB", connections, most=_SLACK_MIB),
    ]


async def churn(address: str, times: int, tick: Callable[[], None]) -> list[Measurement]:
    """Measure leftovers after connections with a session have closed; the first fifth warms up the server.

    tick: called for every AT_ONCE connections.
    """
    warm_up = round(_WARM_UP * times)
    for _ in range(0, warm_up, AT_ONCE):
        await _come_and_go(address, AT_ONCE)
        tick()
    remains = await Remains.before(address)
    for _ in range(warm_up, times, AT_ONCE):
        await _come_and_go(address, AT_ONCE)
        tick()
    return await remains.findings("memory", most_growth_mib=_SLACK_MIB)


async def _come_and_go(address: str, connections: int) -> None:
    async def one() -> None:
        async with Talker.connect(address):
            pass

    for _ in range(0, connections, AT_ONCE):
        await asyncio.gather(*(one() for _ in range(AT_ONCE)))
