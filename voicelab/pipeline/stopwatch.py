"""When the stages of a turn were at work."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter

_HANDOVER_S = 0.005
"""A stage that goes on this soon has not stopped: one chunk of its work was handed over in between."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """A stage at work without a break, in seconds of the performance counter."""

    stage: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class Lap:
    """One measurement; took_s is known when it is over."""

    took_s: float = 0.0


class Stopwatch:
    """Measures stages, one at a time. intervals: when each was at work, in order; one that was cut off ends there."""

    def __init__(self) -> None:
        self.intervals: list[TimeSpan] = []

    @contextmanager
    def measure(self, stage: str) -> Iterator[Lap]:
        """What the block does is that stage's work."""
        lap, start_s = Lap(), perf_counter()
        try:
            yield lap
        finally:
            end_s = perf_counter()
            lap.took_s = end_s - start_s
            last = self.intervals[-1] if self.intervals else None
            if last is not None and last.stage == stage and start_s - last.end_s <= _HANDOVER_S:
                self.intervals[-1] = replace(last, end_s=end_s)
            else:
                self.intervals.append(TimeSpan(stage, start_s, end_s))
