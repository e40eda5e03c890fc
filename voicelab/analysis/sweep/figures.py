"""Schema of a sweep's figures in sweep.json. A figure without scored turns is None, never 0."""

from voicelab.metrics.breakpoints import Outcome
from voicelab.runs.record_file import Record


class MeasureFigure(Record):
    """part / whole over the n samples that every run of the sweep could score; left_out: number of other samples.

    low, high: the interval. change: paired difference from the clean run on the same samples, with its interval.
    """

    value: float | None
    part: int | float
    whole: int | float
    n: int
    left_out: int
    low: float | None
    high: float | None
    change: float | None
    change_low: float | None
    change_high: float | None


class PointFigures(Record):
    """A run. failed: failed turns. scaled: turns attenuated to full scale. lost: lost packets of `packets`."""

    run: str
    condition: str | None
    axis: str | None
    place: float | None
    failed: int
    scaled: int
    packets: int | None
    lost: int | None
    measures: dict[str, MeasureFigure]


class BreakFigures(Record):
    """A breakpoint on an axis (voicelab.metrics.breakpoints). asked: the option; sentence: the result in words."""

    asked: str
    measure: str
    axis: str
    outcome: Outcome
    at: float | None
    limit: float | None
    low: float | None
    high: float | None
    open_mild: bool
    open_severe: bool
    crossed_share: float | None
    sentence: str


class AxisFigures(Record):
    """An axis, its places from mild to severe, and the runs there."""

    key: str
    label: str
    unit: str
    places: tuple[float, ...]
    runs: tuple[str, ...]


class SweepFigures(Record):
    """All figures of a sweep. unit: the clustering unit; clusters: number of clusters."""

    unit: str
    clusters: int
    level: float
    draws: int
    seed: int
    normalizer: str
    points: tuple[PointFigures, ...]
    axes: tuple[AxisFigures, ...]
    breaks: tuple[BreakFigures, ...]

    def point(self, run: str) -> PointFigures:
        return next(point for point in self.points if point.run == run)
