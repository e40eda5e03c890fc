"""Text of a sweep's figures."""

from collections.abc import Sequence

from voicelab.analysis.sweep.figures import MeasureFigure, SweepFigures
from voicelab.figures.table import FIGURES
from voicelab.metrics.breakpoints import Breakpoint, Threshold
from voicelab.metrics.intervals import FEW
from voicelab.report.wording import NONE, number
from voicelab.text.plural import counted


def columns(figures: SweepFigures) -> tuple[str, ...]:
    """The columns of `rows`."""
    return ("condition", *map(short, figures.points[0].measures), "WER against clean", "lost", "failed")


def title(name: str) -> str:
    """The title of a figure; its name if it comes from a sweep of an earlier version."""
    return FIGURES[name].title if name in FIGURES else name.replace("_", " ")


def short(name: str) -> str:
    """The short title of a figure, for a narrow column."""
    return FIGURES[name].short if name in FIGURES else name.replace("_", " ")


def break_sentence(
    option: str, axis: str, unit: str, places: Sequence[float], found: Breakpoint, limit: Threshold
) -> str:
    """A sentence with the breakpoint of a measure on an axis, or the reason why there is none."""
    measure = title(option.partition("=")[0])
    if found.outcome == "undefined" or found.limit is None:
        return f"{measure} on {axis}: nothing was scored"
    over, under = ("falls under", "under") if limit.falls else ("rises over", "over")
    share = f" ({100 * limit.value:g} % of clean)" if limit.relative else ""
    what = f"{measure} {{}} {found.limit:.2f}{share}"
    worst, mildest = place_text(places[-1], unit), place_text(places[0], unit)
    if found.outcome == "crossed":
        interval = interval_text(found, places)
        return f"{what.format(over)} at {place_text(found.at, unit)}{f' {interval}' if interval else ''} ({axis})"
    share_text = (
        f"; in {100 * found.crossed_share:.0f} % of the resamples it crosses between two conditions"
        if found.crossed_share
        else ""
    )
    if found.outcome == "before":
        return f"{what.format(f'is {under}')} already at {mildest}, the mildest condition ({axis}){share_text}"
    reach = "down to" if places[-1] <= places[0] else "up to"
    return f"{what.format(f'is never {under}')}, {reach} {worst}, the most severe condition ({axis}){share_text}"


def interval_text(found: Breakpoint, places: Sequence[float]) -> str:
    """The interval; an end beyond the last condition is written as `[under 0, 11.2]`."""
    if found.low is None and found.high is None and not (found.open_mild or found.open_severe):
        return ""
    rising = places[0] <= places[-1]
    open_low, open_high = (found.open_mild, found.open_severe) if rising else (found.open_severe, found.open_mild)
    low = f"under {min(places):g}" if open_low else NONE if found.low is None else f"{found.low:.1f}"
    high = f"over {max(places):g}" if open_high else NONE if found.high is None else f"{found.high:.1f}"
    return f"[{low}, {high}]"


def place_text(place: float | None, unit: str) -> str:
    return NONE if place is None else f"{place:.3g} {unit}".strip()


def figure_text(figure: MeasureFigure) -> str:
    """`0.285 [0.238, 0.328]`."""
    interval = "" if figure.low is None else f" [{number(figure.low)}, {number(figure.high)}]"
    return f"{number(figure.value)}{interval}"


def change_text(figure: MeasureFigure) -> str:
    """`+0.120 [+0.050, +0.190]`."""
    if figure.change is None:
        return NONE
    interval = "" if figure.change_low is None else f" [{figure.change_low:+.3f}, {figure.change_high:+.3f}]"
    return f"{figure.change:+.3f}{interval}"


def rows(figures: SweepFigures) -> list[tuple[str, ...]]:
    """One row per point, with the columns of `columns`."""
    return [
        (
            point.condition or "clean",
            *map(figure_text, point.measures.values()),
            change_text(point.measures["wer"]),
            f"{point.lost}/{point.packets}" if point.packets else "",
            str(point.failed),
        )
        for point in figures.points
    ]


SHORT_COLUMNS = ("run", "WER", "entity recall", "intent", "lost")


def short_rows(figures: SweepFigures) -> list[tuple[str, ...]]:
    """One row per point, with the columns SHORT_COLUMNS, narrow enough for a terminal."""
    shown = ("wer", "entity_recall", "intent_accuracy")
    rows = []
    for point in figures.points:
        lost = f"{100 * (point.lost or 0) / point.packets:.1f}%" if point.packets else ""
        rows.append((point.run, *(_short(point.measures[key]) for key in shown), lost))
    return rows


def _short(figure: MeasureFigure) -> str:
    """`0.29 [.24, .33]`, so that a row fits a terminal of 80 columns."""
    if figure.value is None:
        return NONE
    low, high = (None if end is None else f"{end:.2f}".removeprefix("0") for end in (figure.low, figure.high))
    return f"{figure.value:.2f}" + ("" if low is None else f" [{low}, {high}]")


def source_line(sweep_id: str, figures: SweepFigures) -> str:
    """The origin of the figures, in one line."""
    return f"sweep {sweep_id} · normalizer {figures.normalizer} · {counted(figures.clusters, figures.unit)}"


def interval_note(figures: SweepFigures) -> str:
    left_out = max(one.left_out for one in figures.points[0].measures.values())
    out = f" Left out: {counted(left_out, 'sample')} that some run could not score." if left_out else ""
    few = f" Too few to generalize from: {counted(figures.clusters, figures.unit)}." if figures.clusters < FEW else ""
    return (
        f"In brackets: {100 * figures.level:.0f} % intervals by {figures.unit} ({figures.clusters}); see "
        "docs/explanation/confidence_intervals.md. Breakpoints have bootstrap intervals "
        f"({figures.draws} resamples, seed {figures.seed}). All figures use the same samples.{out}{few}"
    )
