"""Records when the stages of a turn were active."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from time import perf_counter
from typing import Self

_HANDOVER_S = 0.005
"""A shorter gap between two spans of a stage (seconds) is only a handover and does not split them."""


@dataclass(frozen=True, slots=True)
class TimeSpan:
    """An uninterrupted span of a stage, in seconds of the performance counter."""

    stage: str
    start_s: float
    end_s: float


@dataclass(slots=True)
class Lap:
    """One measurement; took_s is set at its end."""

    took_s: float = 0.0


class Stopwatch:
    """Measures stages, one at a time. intervals: the active spans in order, up to a cancellation."""

    def __init__(self) -> None:
        self.intervals: list[TimeSpan] = []

    def continue_in(self, other: Self) -> None:
        """Move the spans, and those still to come, to another stopwatch."""
        other.intervals += self.intervals
        self.intervals = other.intervals

    @contextmanager
    def measure(self, stage: str) -> Iterator[Lap]:
        """Measure the block as work of that stage."""
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
