"""Decides how a run waits for an unreachable target, and when it gives up."""

import asyncio
import logging
from datetime import datetime
from time import monotonic

from voicelab.errors import ConnectionLostError, RunInterruptedError
from voicelab.runs.records import Outage, now

FIRST_PAUSE_S = 0.25
LONGEST_PAUSE_S = 10.0
ATTEMPTS_PER_TURN = 2
"""Number of attempts at a turn that loses its connection, before it is recorded as failed."""
LOST_IN_A_ROW = 3
"""The run stops after this many consecutive turns without a reply."""

_logger = logging.getLogger(__name__)


class Reconnection:
    """Waits between connection attempts: first 0.25 s, then twice as long each time, up to 10 s.

    limit_s: maximum duration of an outage in seconds. `outages` lists completed outages.
    """

    def __init__(self, limit_s: float) -> None:
        self.outages: list[Outage] = []
        self._limit_s = limit_s
        self._pause_s = FIRST_PAUSE_S
        self._began: tuple[float, datetime, str] | None = None
        self._attempts: dict[str, int] = {}
        self._lost_in_a_row = 0

    async def wait(self, error: ConnectionLostError) -> None:
        """Wait after a failed attempt. Raises RunInterruptedError after an outage of limit_s seconds."""
        if self._began is None:
            self._began = monotonic(), now(), str(error)
            if self._limit_s:
                _logger.warning("connection lost: %s; trying again for up to %g s", error, self._limit_s)
        left_s = self._limit_s - (monotonic() - self._began[0])
        if left_s <= 0:
            self.connected()
            raise RunInterruptedError(f"the target could not be reached for {self._limit_s:g} s: {error}")
        await asyncio.sleep(min(self._pause_s, left_s))
        self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def connected(self) -> None:
        """End the current outage, if any."""
        self._pause_s = FIRST_PAUSE_S
        if self._began is not None:
            started, at, message = self._began
            self.outages.append(Outage(started_at=at, duration_s=monotonic() - started, message=message))
            self._began = None

    def may_retry(self, key: str) -> bool:
        """Count an attempt at a turn that lost its connection; return whether to repeat the turn."""
        self._attempts[key] = self._attempts.get(key, 0) + 1
        return self._attempts[key] < ATTEMPTS_PER_TURN

    def answered(self) -> None:
        """Record a completed turn, which shows that the target works."""
        self._lost_in_a_row = 0

    def lost(self, error: ConnectionLostError) -> None:
        """Record a turn without a reply. Raises RunInterruptedError after LOST_IN_A_ROW of them."""
        self._lost_in_a_row += 1
        if self._lost_in_a_row >= LOST_IN_A_ROW:
            raise RunInterruptedError(f"{LOST_IN_A_ROW} turns in a row got no reply; the last: {error}")
