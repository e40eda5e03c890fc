"""Fuzz the server with mutated messages and streams: no input may affect more than the client's own turn.

hypothesis generates each conversation. After it, a normal turn must be answered. A conversation that breaks a guarantee
is minimized by hypothesis and saved to a file.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from tests.abuse.conversations import Composer, FuzzConversation, FuzzPlan
from tests.abuse.faults import MOST_GROWTH_MIB, faults_in
from tests.abuse.good_clients import ClientSession
from tests.abuse.holding import Held, ask, hold
from tests.abuse.message_mutations import MOST_BYTES
from tests.abuse.rawsocket import ServerGone, Violation
from tests.abuse.seeds import make_seeds
from tests.abuse.uploads import RECORDED_SET
from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.remains import Remains
from voicelab.analysis.bench.server.watch import Vitals
from voicelab.errors import EngineMissingError
from voicelab.runs.records import RunSpec

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

ENGINES = {"asr": "fake:text=you spoke {duration_s} seconds", "agent": "fake", "tts": "fake:words_per_s=100"}
SPEC = RunSpec(samples="none", asr=ENGINES["asr"], agent=ENGINES["agent"], tts=ENGINES["tts"])
SETTINGS = {
    "MAX_MESSAGE_BYTES": str(MOST_BYTES), "MAX_WAITING_BYTES": "400000", "MAX_TURN_S": "0.6", "REALTIME_SLACK_S": "2",
    "REPLY_LEAD_S": "0.1", "READER_TIMEOUT_S": "5", "MAX_SET_TAKES": "5", "MAX_USER_SETS": "3",
}  # fmt: skip
"""Settings with low limits, so that they are reached often and cheaply."""
KEPT = Path("reports") / "fuzz"
"""Folder for conversations that violated a guarantee, below the working directory."""

_PIECES = 16
_WARM_UP = 1000
"""Conversations before the count. Tables of codecs, caches and the heap reach their size after about 800."""
_AT_ONCE = 40
_ROUND = 250
_LEAST = 8
_SHRINK_S = 60.0
_MOST_FAILURES = 5
_ANSWERED_S = 5.0


async def fuzz(address: str, log: Path, mutated: int, seed: int, tick: Callable[[], None]) -> list[Measurement]:
    """Hold conversations until a number of their pieces have been mutated.

    log: the server's log. tick: called once per piece. Raises EngineMissingError if hypothesis is not installed.
    """
    run = _Run(address, mutated, seed, tick)
    await run.warm_up()
    remains = await Remains.before(address)
    crashed = 0
    try:
        await run.search()
    except ServerGone:
        crashed = 1
        run.keep(run.last, "the server is gone")
    found = run.findings()
    found.append(Measurement("fuzz", "server processes that ended", crashed, "", 1, most=0))
    if not crashed:
        found += [*await remains.findings("fuzz", MOST_GROWTH_MIB), *run.late_growth()]
    found.append(Measurement("fuzz", "lines of the server's log that tell of a fault", faults_in(log), "", 1, most=0))
    return found


class _Stopped(BaseException):
    """Raised to stop the search."""


class _Run:
    """One search.

    last: the current or last conversation. memory: the server's resident bytes by number of mutated pieces.
    """

    def __init__(self, address: str, mutated: int, seed: int, tick: Callable[[], None]) -> None:
        self._address = address
        self._wanted = mutated
        self._seed = seed
        self._tick = tick
        self._composer = Composer(make_seeds())
        self._held = Held()
        self._mutated = 0
        self._streams = 0
        self._failures: list[str] = []
        self._stopped = False
        self.last = FuzzConversation.usual()
        self.memory: list[tuple[int, float]] = []

    async def warm_up(self) -> None:
        """Warm up the server, so that threads, database connections and the detector exist before the count."""
        _hypothesis()
        await _begin_set(self._address)
        try:
            await asyncio.gather(*(ask(self._address) for _ in range(_AT_ONCE)))
            async with ClientSession.open(self._address, mode="continuous"):
                pass  # the detector is loaded for the first session that needs it
        except Violation as violation:
            self.keep(FuzzConversation.usual(), str(violation))
        chance = random.Random(self._seed)
        for _ in range(min(_WARM_UP, 1 + self._wanted // 100)):
            numbers = tuple(chance.randrange(1, 1 << 24) for _ in range(_PIECES))
            last, handshake = (chance.randrange(1, 1 << 24) * (chance.randrange(each) == 0) for each in (5, 10))
            plan = FuzzPlan(init=chance.randrange(30), pieces=numbers, last=last, handshake=handshake)
            await self._hold(self._composer.conversation(plan))

    async def _hold(self, conversation: FuzzConversation) -> bool:
        try:
            return await hold(self._address, conversation, self._held)
        except Violation as violation:
            self.keep(conversation, str(violation))
            return False

    async def search(self) -> None:
        """Run rounds with different seeds until enough pieces were mutated or too many conversations failed."""
        number = 0
        try:
            while self._mutated < self._wanted and len(self._failures) < _MOST_FAILURES:
                number += 1
                loop = asyncio.get_running_loop()
                failed = await asyncio.to_thread(self._round, loop, f"{self._seed}/{number}")
                if failed is not None:
                    self.keep(*failed)
                self.memory.append((self._mutated, (await Vitals.of(self._address)).rss_bytes))
        finally:
            self._stopped = True

    def _round(self, loop: asyncio.AbstractEventLoop, name: str) -> tuple[FuzzConversation, str] | None:
        """Return the shortest failing conversation found; runs in a thread, because hypothesis blocks."""
        hypothesis = _hypothesis()
        failed: dict[FuzzPlan, Violation] = {}
        began_s = 0.0

        def law(plan: FuzzPlan) -> None:
            nonlocal began_s
            if self._stopped:
                raise _Stopped
            if failed and time.monotonic() - began_s > _SHRINK_S:
                if plan in failed:
                    raise failed[plan]
                return
            self.last = conversation = self._composer.conversation(plan)
            try:
                all_taken = asyncio.run_coroutine_threadsafe(
                    hold(self._address, conversation, self._held), loop
                ).result()
            except Violation as violation:
                began_s = began_s if failed else time.monotonic()
                failed[plan] = violation
                raise
            self._count(conversation, all_taken=all_taken)

        settings = hypothesis.settings(
            max_examples=min(_ROUND, _LEAST + (self._wanted - self._mutated) // _PIECES),
            database=None, deadline=None, print_blob=False, report_multiple_bugs=False,
            suppress_health_check=list(hypothesis.HealthCheck), verbosity=hypothesis.Verbosity.quiet,
            phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        )  # fmt: skip
        number = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
        try:
            hypothesis.seed(number)(settings(hypothesis.given(plans())(law)))()
        except Exception:
            # The exception varies if the failure is not reproducible; the last failing conversation is the shortest.
            if not failed:
                raise
        if not failed:
            return None
        plan, violation = list(failed.items())[-1]
        return self._composer.conversation(plan), str(violation)

    def _count(self, conversation: FuzzConversation, *, all_taken: bool) -> None:
        """Count a connection that was closed early as one stream, because it is unknown how much was read."""
        self._streams += 1
        counted = conversation.mutated if all_taken else min(1, conversation.mutated)
        for _ in range(min(counted, self._wanted - self._mutated)):
            self._tick()
        self._mutated += counted

    def keep(self, conversation: FuzzConversation, why: str) -> None:
        """Write a failing conversation to a file and remember why it failed."""
        self._failures.append(f"{why}; again: python -m tests.abuse replay {conversation.keep(KEPT)}")

    def late_growth(self) -> list[Measurement]:
        """Memory growth during the second half, which shows a leak."""
        late = [size for mutated, size in self.memory if 2 * mutated >= self._wanted]
        grown_mib = (late[-1] - late[0]) / 2**20 if late else 0.0
        return [Measurement("fuzz", "resident memory: growth in the second half", grown_mib, "MiB", len(late))]

    def findings(self) -> list[Measurement]:
        """The sent conversation and its outcome."""
        held = self._held
        found = [
            Measurement("fuzz", f"mutated messages and streams, seed {self._seed}", self._mutated, "", self._streams,
                    least=self._wanted),
            Measurement("fuzz", "conversations that broke a promise", len(self._failures), "", self._streams, most=0),
            *(Measurement("fuzz", f"broken: {failure}", 1, "", 1, most=0) for failure in self._failures),
            Measurement("fuzz", "different errors that were told", len(held.errors), "", held.errors.total()),
        ]  # fmt: skip
        if held.answered_s:
            slowest_s = max(held.answered_s)
            what = "the turn after a conversation: slowest answer"
            found.append(Measurement("fuzz", what, slowest_s, "s", len(held.answered_s), most=_ANSWERED_S))
        return found


def plans() -> SearchStrategy[FuzzPlan]:
    """Conversations with few choices each, so that generating one is cheap compared with holding it."""
    from hypothesis import strategies as st

    number = st.integers(0, (1 << 24) - 1)
    return st.builds(
        FuzzPlan,
        init=st.integers(0, 29),
        pieces=st.tuples(*[number] * _PIECES),
        last=number.map(lambda drawn: drawn if drawn % 5 == 4 else 0),
        handshake=number.map(lambda drawn: drawn if drawn % 10 == 9 else 0),
        ending=st.sampled_from([0, 0, 0, 0, 0, 0, 1, 2]),
        cut=st.integers(0, 2),
    )


async def _begin_set(address: str) -> None:
    """Create the set for recorded takes, if the server stores recordings."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as http:
        await http.post("/app/api/recordings", json={"name": RECORDED_SET, "texts": ["hello"]})


def _hypothesis() -> Any:
    try:
        import hypothesis
    except ImportError as error:
        raise EngineMissingError("hypothesis", f"{error}; run: pip install 'voicelab[test]'") from error
    return hypothesis
