"""Format figures as text: `0.285 [0.238, 0.328]`, `0.58 s`."""

from collections.abc import Callable
from typing import NamedTuple

from voicelab.figures.figure import AnyFigure, Figure, Unit
from voicelab.figures.table import FIGURES
from voicelab.metrics.intervals import BOUND
from voicelab.scoring.leading import leading
from voicelab.scoring.schema import Bounds, FigureLabel, Measured, Summary
from voicelab.text.plural import counted

NONE = "–"
"""Shown if nothing was scored."""

CAUSE_NAMES = {"asr": "recognizer (ASR)", "agent": "agent", "tts": "voice (TTS)", "rest": "network and queueing"}
"""Names of the stages to which losses and times are attributed."""


class Headline(NamedTuple):
    """A line of the short summary. note: interval and counts."""

    name: str
    value: str
    note: str


def number(value: float | None) -> str:
    """Format a rate with three decimals."""
    return NONE if value is None else f"{value:.3f}"


def seconds(value: float | None) -> str:
    """Format a duration in s with two decimals; below 0.1 s, in ms with three digits."""
    if value is None:
        return NONE
    return f"{value:.2f} s" if abs(value) >= 0.1 else f"{1000 * value:.3g} ms"


def amount(value: float | None) -> str:
    """Format an amount, such as tokens or a cost, with at least three significant digits: `2,040`, `0.00091`."""
    if value is None:
        return NONE
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


_SHOW: dict[Unit, Callable[[float | None], str]] = {
    "ratio": number,
    "number": amount,
    "s": seconds,
    "per minute": lambda value: NONE if value is None else f"{value:.1f}",
}


def in_unit(value: float | None, unit: Unit) -> str:
    """Format a value of a figure in its unit."""
    return _SHOW[unit](value)


def interval(bounds: Bounds | None, show: Callable[[float | None], str] = number) -> str:
    return f"[{show(bounds.low)}, {show(bounds.high)}]" if bounds is not None else ""


def caution(figure: Measured) -> str:
    """Return a caution about the interval, such as `only a bound: ...` or `no interval: ...`; usually empty."""
    if figure.interval is not None:
        return figure.note if figure.note is not None and figure.note.startswith(BOUND) else ""
    return f"no interval: {figure.no_interval}" if figure.no_interval else ""


def interval_methods(summary: Summary) -> str:
    """Return the methods of the intervals over all turns: `jackknife t (rates), order statistics (percentiles)`.

    Omits the method for scenarios, which are clusters themselves.
    """
    kinds: dict[str, set[str]] = {"rates": set(), "percentiles": set()}
    for name, found in summary.figures.items():
        figure = FIGURES.get(name)
        if found.method is not None and figure is not None and figure.group != "scenarios":
            kinds["rates" if isinstance(figure, Figure) else "percentiles"].add(found.method)
    return ", ".join(f"{' or '.join(sorted(found))} ({kind})" for kind, found in kinds.items() if found) or "none"


def clusters(summary: Summary) -> str:
    """Return the observations behind the intervals: `12 speakers and 14 samples without a speaker`."""
    sure, speakers = summary.resampling, len(summary.by.get("speaker", {}))
    alone = sure.clusters - speakers
    if sure.unit != "speaker" or alone <= 0:
        return counted(sure.clusters, sure.unit)
    return f"{counted(speakers, 'speaker')} and {counted(alone, 'sample')} without a speaker"


def line_of_samples(summary: Summary) -> str:
    """`207 samples, 12 speakers`; without speakers if the set names none."""
    speakers = len(summary.by.get("speaker", {}))
    named = [counted(speakers, "speaker")] if speakers else []
    return ", ".join([counted(summary.turns.primary, "sample"), *named])


def estimate(figure: Measured | None) -> str:
    """Format as `0.285 [0.238, 0.328]`, or a dash if nothing was scored."""
    if figure is None:
        return NONE
    return " ".join(filter(None, (number(figure.value), interval(figure.interval))))


def run_line(summary: Summary) -> str:
    """Return the run, mode, condition and normalizer, shown as the source of plots."""
    rule = summary.normalizer
    mapped = f" with word map {rule.word_map[:12]}" if rule.word_map is not None else ""
    degraded = f" · {summary.condition}" if summary.condition else ""
    return f"run {summary.run_id} · {summary.mode}{degraded} · normalizer {rule.name} {rule.version}{mapped}"


def headline(summary: Summary) -> list[Headline]:
    """Return the figures of a report and the number of answered turns."""
    return [*(_headline(summary, label, one) for _, label, one in leading(summary)), _answered(summary)]


def ranked_headline(summary: Summary) -> tuple[list[Headline], list[Headline]]:
    """Return the leading figures of a report and the others. A figure without a value does not lead."""
    leads = {name for name, _, found in leading(summary, "lead") if found.value is not None}
    first: list[Headline] = []
    rest: list[Headline] = []
    for name, label, found in leading(summary):
        (first if name in leads else rest).append(_headline(summary, label, found))
    return [*first, _answered(summary)], rest


def _answered(summary: Summary) -> Headline:
    counts = summary.turns
    failed = ", ".join(f"{count} {code}" for code, count in counts.failures.items())
    missing = f"{counts.missing} not run" if counts.missing else ""
    silent = f"no words recognized in {counts.nothing_heard}" if counts.nothing_heard else ""
    note = _joined(f"failed: {failed}" if failed else "none failed", silent, missing)
    return Headline("turns answered", f"{counts.answered} of {counts.planned}", note)


def _headline(summary: Summary, label: AnyFigure | FigureLabel, found: Measured) -> Headline:
    note = _joined(
        interval(found.interval, _SHOW[label.unit]),
        detail(label, found, summary.mode),
        found.missing if found.value is None and not too_small(found) else "",
        caution(found),
        _ceiling(summary, label, found),
    )
    return Headline(label.title, shown_value(found, label.unit), note)


def shown_value(found: Measured, unit: Unit) -> str:
    """Return the value in its unit; `n too small: 12 of 20` for a percentile of too few turns."""
    return (found.missing or NONE).removesuffix(" turns") if too_small(found) else in_unit(found.value, unit)


def too_small(found: Measured) -> bool:
    return (found.missing or "").startswith("n too small")


def detail(label: AnyFigure | FigureLabel, found: Measured, mode: str) -> str:
    """Return the counts of a figure, such as `123 errors in 431 words`, or the number of its turns."""
    if not found.n:
        return ""
    if found.part is None or found.of is None:
        turns = counted(found.n, "turn")
        return f"{turns}, {mode}" if label.group == "latency" else turns
    form = label.detail if isinstance(label, Figure) else "{part} of {of}"
    return form.format(part=count_text(found.part), of=count_text(found.of))


def count_text(value: float) -> str:
    """Return a count without decimals, or a fractional one with two."""
    return f"{value:.0f}" if float(value).is_integer() else f"{value:.2f}"


def _ceiling(summary: Summary, label: AnyFigure | FigureLabel, found: Measured) -> str:
    """Return the value that a perfect transcript reaches, if it is below 1."""
    most = summary.figures.get(label.ceiling) if isinstance(label, Figure) and label.ceiling else None
    if found.value is None or most is None or most.value is None or most.part == most.of:
        return ""
    return f"at most {number(most.value)} with a perfect transcript: the other entities are not spoken as written"


def _joined(*parts: str | None) -> str:
    return ", ".join(part for part in parts if part)
