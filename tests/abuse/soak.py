"""Run good, bad and slow clients together: the good ones are served as at the start, and nothing leaks."""

from __future__ import annotations

import asyncio
import itertools
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from time import perf_counter

from tests.abuse import fuzz
from tests.abuse.faults import MOST_GROWTH_MIB, faults_in
from tests.abuse.good_clients import GOOD, Client, ClientTally
from tests.abuse.holding import ask
from tests.abuse.rawsocket import ServerGone, Violation
from tests.abuse.rude_clients import MOST_CONNECTIONS, READER_TIMEOUT_S, RUDE, mutating
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.latency import LatencyTurns
from voicelab.analysis.bench.server.remains import Remains
from voicelab.analysis.bench.server.watch import Vitals

ENGINES = {"asr": "fake:text=you spoke {duration_s} seconds", "agent": "fake", "tts": "fake"}
SETTINGS = fuzz.SETTINGS | {
    "VAD": "energy", "READER_TIMEOUT_S": f"{READER_TIMEOUT_S:g}", "MAX_CONNECTIONS": str(MOST_CONNECTIONS),
    "MAX_CONNECTIONS_PER_CLIENT": str(MOST_CONNECTIONS), "REALTIME_SLACK_S": "5", "REPLY_LEAD_S": "20",
    "MAX_TURN_S": "5",
}  # fmt: skip
_OF_EACH = 2
_WARM_UP_SHARE = 0.1
_LONGEST_WARM_UP_S = 60.0
_LOOK_S = 5.0
_NO_SLOWER = 1.3
"""Maximum ratio of the median of a soaked server to that of a new one."""
AGE_TURNS = 100
"""Of each of the two."""


async def soak(address: str, log: Path, duration_s: float, tick: Callable[[], None]) -> list[Measurement]:
    """Run clients of every kind for this long. log: the server's log; tick: called once per second."""
    numbers = itertools.count(1)
    wrong: list[str] = []
    await asyncio.gather(*(ask(address) for _ in range(MOST_CONNECTIONS - 1)))
    await _crowded(address, min(_LONGEST_WARM_UP_S, _WARM_UP_SHARE * duration_s), numbers, wrong, lambda: None)
    remains = await Remains.before(address)
    start = perf_counter()
    tally, memory = await _crowded(address, duration_s, numbers, wrong, tick)
    found = [
        Measurement("soak", "clients that were not served as promised", len(wrong), "", tally.done.total(), most=0),
        *(Measurement("soak", f"broken: {sentence}", 1, "", 1, most=0) for sentence in sorted(set(wrong))[:5]),
        *(Measurement("soak", what, count, "", count, least=1) for what, count in sorted(tally.done.items())),
        *_by_quarter(tally, start, duration_s),
        *await remains.findings("soak", MOST_GROWTH_MIB),
        *_growth(memory),
    ]
    return [
        *found,
        Measurement("soak", "lines of the server's log that tell of a fault", faults_in(log), "", 1, most=0),
    ]


async def _crowded(
    address: str, duration_s: float, numbers: itertools.count[int], wrong: list[str], tick: Callable[[], None]
) -> tuple[ClientTally, list[tuple[float, float]]]:
    """Run all clients for this long, then stop them. Also returns the server's resident bytes over time."""
    tally = ClientTally(address, perf_counter() + duration_s)
    kinds = [*GOOD * _OF_EACH, *RUDE, mutating(), mutating()]
    watching = asyncio.create_task(_watch(address, duration_s, tick))
    try:
        await asyncio.gather(*(_again_and_again(kind, tally, numbers, wrong) for kind in kinds))
        return tally, await watching
    finally:
        watching.cancel()


async def _again_and_again(client: Client, tally: ClientTally, numbers: itertools.count[int], wrong: list[str]) -> None:
    """Start one client after another. Clients that run at the end complete their work."""
    while perf_counter() < tally.ends_s:
        try:
            await client(tally, next(numbers))
        except Violation as violation:
            wrong.append(f"{getattr(client, '__name__', 'client')}: {violation}")
        except ServerGone as gone:
            wrong.append(str(gone))
            return


async def _watch(address: str, duration_s: float, tick: Callable[[], None]) -> list[tuple[float, float]]:
    seen: list[tuple[float, float]] = []
    for second in range(round(duration_s)):
        if second % round(_LOOK_S) == 0:
            seen.append((second, (await Vitals.of(address)).rss_bytes))
        await asyncio.sleep(1.0)
        tick()
    return seen


def _by_quarter(tally: ClientTally, start: float, duration_s: float) -> Iterator[Measurement]:
    """For information only: under load, it depends on the speed of the machine."""
    turns = [(at - start, taken) for at, taken in tally.turns]
    for quarter in range(4):
        taken = [taken for at, taken in turns if quarter <= 4 * at / duration_s < quarter + 1]
        if taken:
            what = f"end of speech → first audio, p50, quarter {quarter + 1}"
            yield Measurement("soak", what, 1000 * statistics.median(taken), "ms", len(taken))


async def aged(soaked: str, fresh: str, tick: Callable[[], None]) -> list[Measurement]:
    """The duration of turns after a soak, compared with a new server with the same settings.

    They are measured alternately, so that changes in the machine's speed affect both.
    tick: called after each of 2 × AGE_TURNS turns.
    """
    async with LatencyTurns.open(soaked) as old, LatencyTurns.open(fresh) as new:
        taken_s: dict[LatencyTurns, list[float]] = {old: [], new: []}
        for number in range(AGE_TURNS):
            # The second one benefits from a warm machine.
            for one in (old, new) if number % 2 else (new, old):
                taken_s[one].append(await one.added_s())
                tick()
    old_ms, new_ms = (1000 * statistics.median(taken_s[one]) for one in (old, new))
    what = "what the server adds to a turn, p50"
    return [
        Measurement("soak", f"{what}, one that has just begun", new_ms, "ms", AGE_TURNS),
        Measurement("soak", f"{what}, after the soak", old_ms, "ms", AGE_TURNS, most=max(1.0, _NO_SLOWER * new_ms)),
    ]


def _growth(memory: Sequence[tuple[float, float]]) -> list[Measurement]:
    """Compare the medians of the third and last quarter, because temporary memory of a long reply is not a leak."""
    quarter = len(memory) // 4
    if not quarter:
        return []
    third, last = memory[2 * quarter : 3 * quarter], memory[3 * quarter :]
    grown = statistics.median(size for _, size in last) - statistics.median(size for _, size in third)
    minutes = (statistics.median(at for at, _ in last) - statistics.median(at for at, _ in third)) / 60
    what = "resident memory: growth per minute, third quarter to last"
    return [Measurement("soak", what, grown / minutes / 2**20, "MiB", len(last))]
