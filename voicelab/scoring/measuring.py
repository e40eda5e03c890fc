"""Measure a figure: sum the counts of turns, compute the value, and its interval over clusters."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from voicelab.errors import InputError
from voicelab.figures.figure import AnyFigure, Counts, Figure, Percentile, Ratio
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.clusters import Floats
from voicelab.metrics.intervals import Refusal, Result, quantile_result, ratio_result, sums_result
from voicelab.metrics.latency import least_turns
from voicelab.scoring.intervals import LEVEL, Clusters
from voicelab.scoring.schema import Measured, ScenarioOutcome


def measure(figure: AnyFigure, scores: Sequence[TurnScore], scenarios: Sequence[ScenarioOutcome] = ()) -> Measured:
    """Measure a figure over turns or scenarios. Raises InputError if a figure's counts are invalid."""
    if isinstance(figure, Percentile):
        return _percentile(figure, scores)
    items: Sequence[Any] = scenarios if figure.over == "scenarios" else scores
    counted = [(item, counts) for item in items if (counts := counts_of(figure, item)) is not None]
    if figure.over == "scenarios":
        clusters = Clusters.of_scenarios([outcome for outcome, _ in counted])
    else:
        clusters = Clusters.of([score.turn for score, _ in counted])
    return _counted(figure, [counts for _, counts in counted], clusters)


def measure_all(
    figures: Iterable[AnyFigure], scores: Sequence[TurnScore], scenarios: Sequence[ScenarioOutcome] = ()
) -> dict[str, Measured]:
    """Measure figures; returns them by name."""
    return {figure.name: measure(figure, scores, scenarios) for figure in figures}


def counts_of(figure: Figure, item: Any) -> Counts | None:
    """The counts of a turn or scenario. Raises InputError, which names the figure, if its function fails."""
    try:
        found = figure.counts(item)
    except Exception as error:
        raise InputError(f"figure {figure.name}: its counts failed: {type(error).__name__}: {error}") from error
    if found is not None and not isinstance(found, Mapping):
        raise InputError(f"figure {figure.name}: counts must be a mapping of names to numbers, or None; got {found!r}")
    return found


def _counted(figure: Figure, counted: Sequence[Counts], clusters: Clusters) -> Measured:
    n = len(counted)
    if not n:
        return Measured(value=None, n=0, missing="nothing was scored", **_parts(figure, {}))
    try:
        columns = {name: [counts[name] for counts in counted] for name in counted[0]}
        totals = {name: sum(column) for name, column in columns.items()}
        value = figure.value(totals)
    except (KeyError, TypeError) as error:
        raise InputError(
            f"figure {figure.name}: every turn must return the same counts, which value() must accept: {error!r}"
        ) from error
    parts = _parts(figure, totals)
    if value is None or not math.isfinite(value):
        return Measured(value=None, n=n, missing=f"the denominator is 0 over {n} scored turns", **parts)
    if isinstance(figure.value, Ratio):
        parts_of, wholes = columns[figure.value.part], columns[figure.value.whole]
        found = ratio_result(parts_of, wholes, clusters.keys, level=LEVEL, share=figure.value.share)
    else:
        of_sums = _vectorized(figure.value, tuple(columns))
        bounds = figure.least, figure.most
        found = sums_result(list(columns.values()), clusters.keys, of_sums, level=LEVEL, bounds=bounds)
    return Measured(value=value, n=n, **parts, **interval_fields(found, clusters))


def _parts(figure: Figure, totals: Counts) -> dict[str, Any]:
    finite = {name: total for name, total in totals.items() if math.isfinite(total)}
    if not isinstance(figure.value, Ratio):
        return {"counts": finite}
    part, whole = figure.value.part, figure.value.whole
    rest = {name: total for name, total in finite.items() if name not in (part, whole)}
    # No turn was scored, so the sums are 0.
    empty = None if totals else 0
    return {"part": finite.get(part, empty), "of": finite.get(whole, empty), "counts": rest}


def _vectorized(value: Callable[[Counts], float | None], names: tuple[str, ...]) -> Callable[[Floats], Floats]:
    """The value of each row of sums; nan if it is not defined."""

    def of_row(row: list[float]) -> float:
        try:
            found = value(dict(zip(names, row, strict=True)))
        except ZeroDivisionError:
            return math.nan
        return math.nan if found is None else found

    return lambda sums: np.array([of_row(row) for row in sums.tolist()], dtype=np.float64)


def _percentile(figure: Percentile, scores: Sequence[TurnScore]) -> Measured:
    timed = [(score.turn, value) for score in scores if (value := figure.sample(score)) is not None]
    values, n = [value for _, value in timed], len(timed)
    if not n:
        return Measured(value=None, n=0, missing="no turn was timed")
    if figure.quantile is None:
        return Measured(value=max(values), n=n)
    if n < (least := least_turns(figure.quantile)):
        return Measured(value=None, n=n, missing=f"n too small: {n} of {least} turns")
    clusters = Clusters.of([turn for turn, _ in timed])
    found = quantile_result(values, clusters.keys, figure.quantile, level=LEVEL)
    value = float(np.quantile(np.asarray(values, dtype=np.float64), figure.quantile))
    return Measured(value=value, n=n, **interval_fields(found, clusters))


def interval_fields(found: Result, clusters: Clusters) -> dict[str, Any]:
    """The fields of Measured for an interval, or for the reason why it is missing."""
    if isinstance(found, Refusal):
        return {"no_interval": found.text(clusters.unit)}
    fields = {name: getattr(found, name) for name in ("low", "high", "level", "method", "clusters")}
    return {**fields, "clustered_by": clusters.unit, "note": clusters.note(found)}


def measure_ratio(parts: Sequence[float], wholes: Sequence[float], clusters: Clusters) -> Measured:
    """Measure sum(parts) / sum(wholes) of counts from elsewhere than a run's turns, such as `voicelab cross`."""
    part, whole, n = sum(parts), sum(wholes), len(parts)
    if not whole:
        return Measured(value=None, n=n, part=part, of=whole, missing="the denominator is 0")
    fields = interval_fields(ratio_result(parts, wholes, clusters.keys, level=LEVEL), clusters)
    return Measured(value=part / whole, n=n, part=part, of=whole, **fields)


def measure_sums(
    value: float,
    columns: Sequence[Sequence[float]],
    of_sums: Callable[[Floats], Floats],
    clusters: Clusters,
    *,
    least: float = -math.inf,
    most: float = math.inf,
) -> Measured:
    """A statistic of summed columns. of_sums: sums of shape (n, columns) -> n values. least, most: its bounds."""
    found = sums_result(columns, clusters.keys, of_sums, level=LEVEL, bounds=(least, most))
    return Measured(value=value, n=len(clusters.keys), **interval_fields(found, clusters))
