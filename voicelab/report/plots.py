"""Draw the plots of a report from its summary. Each names its run, or says that nothing was scored.

Every function returns a new matplotlib Figure and does not change pyplot's global state.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING, Any, Literal, Self

from voicelab.figures.latency import STAGES
from voicelab.figures.table import shown_in
from voicelab.report import fonts
from voicelab.report.canvas import canvas, grid, plain
from voicelab.report.sounds import data_uri
from voicelab.report.theme import BLUE, DARK, GREEN, LIGHT, ORANGE, PINK, SKY, VERMILION, Theme
from voicelab.report.wording import run_line, seconds, shown_value
from voicelab.scoring.labels import label
from voicelab.scoring.leading import labelled
from voicelab.scoring.schema import Bounds, Measured, Summary
from voicelab.text.plural import counted

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_WAITS = ("transcript_s", "reply_text_s", "first_audio_s", "turn_s")
_WORK = ("decode_s", "asr_s", "agent_s", "tts_first_s", "tts_s", "encode_s", "overhead_s")


@dataclass(frozen=True, slots=True)
class Picture:
    """A plot for a page, as data URIs in light and dark colours. alt: names the table with its numbers."""

    light: str
    dark: str
    alt: str

    @classmethod
    def of(cls, alt: str, draw: Callable[[Theme], Figure]) -> Self:
        light, dark = (data_uri(svg(draw(theme)), "image/svg+xml") for theme in (LIGHT, DARK))
        return cls(light, dark, alt)


def wer_by(summary: Summary, by: Literal["category", "speaker"], theme: Theme = LIGHT) -> Figure:
    """Plot the word error rate of each category or speaker, with 95 % intervals and the number of turns."""
    return figure_by(summary, by, "wer", theme)


def figure_by(summary: Summary, by: Literal["category", "speaker"], name: str, theme: Theme = LIGHT) -> Figure:
    """Plot a figure of each category or speaker, with 95 % intervals and the number of turns."""
    label_of = {known: one for known, one, _ in labelled(summary)}[name]
    groups = {member: found[name] for member, found in summary.by.get(by, {}).items() if name in found}
    overall = summary.figures[name]
    title = f"{label_of.title[0].upper()}{label_of.title[1:]} by {by}"
    figure, axes = _figure(summary, title, 1.5 + 0.42 * max(2, len(groups) + 1), theme)
    if not any(one.value is not None for one in groups.values()):
        return _empty(figure, axes, f"{label_of.short} has no value by {by}", theme)
    rows = [(f"{plain(label(member))}  (n={one.n})", one) for member, one in groups.items()]
    rows.append((f"all  (n={overall.n})", overall))
    _bars(axes, [one for _, one in rows], theme)
    axes.set_yticks(range(len(rows)), [member for member, _ in rows])
    axes.invert_yaxis()
    axes.set_xlabel(f"{label_of.title}, 95 % interval")
    grid(axes, "x", theme)
    return figure


def _bars(axes: Axes, figures: Sequence[Measured], theme: Theme) -> None:
    colors = [theme.accent] * (len(figures) - 1) + [theme.rest]
    for place, (one, color) in enumerate(zip(figures, colors, strict=True)):
        value = one.value
        if value is None:
            axes.text(0.0, place, " nothing scored", va="center", color=theme.muted)
            continue
        axes.barh(place, value, color=color, height=0.62)
        _whisker(axes, value, place, one.interval, theme, vertical=False)
        end = one.high if one.high is not None else value
        axes.annotate(f"{value:.2f}", (max(end, value), place), (5, 0), textcoords="offset points", va="center")
    axes.margins(x=0.14)
    axes.set_xlim(left=0)


def entity_recall(summary: Summary, theme: Theme = LIGHT) -> Figure:
    """Plot the recall figures: the share of expected entities found in each text."""
    blue = BLUE if theme is LIGHT else SKY
    shown = [figure for figure in shown_in("plot") if figure.name in summary.figures]
    bars = [(figure.short, summary.figures[figure.name]) for figure in shown]
    colors = dict(zip(range(len(bars)), cycle((blue, ORANGE, GREEN, blue, ORANGE, PINK))))
    figure, axes = _figure(summary, "Entity recall", 3.5, theme)
    if not any(found.of for _, found in bars):
        return _empty(figure, axes, "no sample names an expected entity", theme)
    for place, (_, found) in enumerate(bars):
        _recall_bar(axes, place, found, colors[place], theme)
    axes.set_xticks(range(len(bars)), [name.replace(", ", ",\n") for name, _ in bars], fontsize=9)
    axes.set_ylim(0, 1.12)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_ylabel("found, 95 % interval")
    grid(axes, "y", theme)
    return figure


def _recall_bar(axes: Axes, place: int, found: Measured, color: str, theme: Theme) -> None:
    if found.value is None:
        axes.text(place, 0.02, "nothing\nscored", ha="center", color=theme.muted, fontsize=9)
        return
    axes.bar(place, found.value, color=color, width=0.66)
    _whisker(axes, found.value, place, found.interval, theme, vertical=True)
    top = found.high if found.high is not None else found.value
    text = f"{found.value:.2f}\n{found.part or 0:.0f}/{found.of or 0:.0f}"
    axes.annotate(text, (place, max(top, found.value)), (0, 3), textcoords="offset points", ha="center", fontsize=9)


def intent_confusion(summary: Summary, theme: Theme = LIGHT) -> Figure:
    """Plot the confusion matrix of intents, in turns."""
    from matplotlib.colors import LinearSegmentedColormap

    table = summary.confusion
    figure, axes = _figure(summary, "Intents", 1.9 + 0.42 * max(2, len(table)), theme)
    if not table:
        return _empty(figure, axes, "no sample names an expected intent", theme)
    columns = list(next(iter(table.values())))
    counts = [[row[column] for column in columns] for row in table.values()]
    most = max(map(max, counts)) or 1
    axes.imshow(counts, cmap=LinearSegmentedColormap.from_list("counts", theme.heat), vmin=0, vmax=most, aspect="auto")
    for y, row in enumerate(counts):
        for x, count in enumerate(row):
            if count:
                color = theme.paper if count > 0.55 * most else theme.ink
                weight = "bold" if list(table)[y] == columns[x] else "normal"
                axes.text(x, y, str(count), ha="center", va="center", color=color, fontweight=weight)
    axes.set_xticks(range(len(columns)), [plain(label(name)) for name in columns], rotation=40, ha="right", fontsize=9)
    axes.set_yticks(range(len(table)), [plain(label(name)) for name in table], fontsize=9)
    axes.set_xlabel("recognized as (bold: correct)")
    axes.set_ylabel("expected")
    axes.tick_params(length=0)
    return figure


def latency(summary: Summary, theme: Theme = LIGHT) -> Figure:
    """Plot percentiles of the times that a user waits (top) and of the processing stages (bottom)."""
    from matplotlib.ticker import FuncFormatter, NullLocator

    def point(stage: str, which: str) -> float | None:
        found = summary.figures.get(f"{stage}.{which}")
        return found.value if found is not None else None

    counts = [found.n for name, found in summary.figures.items() if name == "turn_s.max"]
    figure, axes = _figure(summary, f"Latency, {summary.mode}, {counted(sum(counts), 'turn')}", 4.6, theme)
    timed = {stage: most for stage in (*_WAITS, *_WORK) if (most := point(stage, "max")) is not None and most > 0}
    if not timed:
        return _empty(figure, axes, "no turn was answered after the first (cold) one", theme)
    marks = (("p50", "o", 46), ("p95", "D", 26), ("max", "|", 70))
    for place, (stage, high) in enumerate(timed.items()):
        color = theme.accent if stage in _WAITS else theme.rest
        median = point(stage, "p50")
        # Zero cannot be shown on a logarithmic axis.
        low = max(median if median is not None else high, 1e-5)
        axes.plot([low, max(low, high)], [place, place], color=color, linewidth=2, zorder=2)
        for which, marker, size in marks:
            if (value := point(stage, which)) is not None:
                axes.scatter(max(value, 1e-5), place, marker=marker, s=size, color=color, zorder=3)
        written = shown_value(summary.figures[f"{stage}.p50"], "s")
        axes.annotate(written, (low, place), (-7, 0), textcoords="offset points", ha="right", va="center",
                      fontsize=8.5, color=theme.muted)  # fmt: skip
    axes.set_xscale("log")
    axes.xaxis.set_major_formatter(FuncFormatter(lambda s, _: f"{s:g} s" if s >= 0.1 else f"{1000 * s:g} ms"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_yticks(range(len(timed)), [STAGES[name] for name in timed])
    axes.axhline(sum(name in _WAITS for name in timed) - 0.5, color=theme.grid, linewidth=1)
    axes.invert_yaxis()
    # Leave space on the left for the p50 label of the shortest stage.
    axes.set_xlim(left=axes.get_xlim()[0] / 6)
    axes.set_xlabel("● p50 (labelled)   ◆ p95   | max")
    grid(axes, "x", theme)
    return figure


def waterfall(summary: Summary, theme: Theme = LIGHT) -> Figure:
    """Plot the duration of each stage of the median turn; the parts add up to the whole turn."""
    turn = summary.median_turn
    figure, axes = _figure(summary, f"The median turn, {summary.mode}, stage by stage", 3.4, theme)
    if turn is None:
        return _empty(figure, axes, "no turn has all of its stages", theme)
    colors = dict(zip(turn.parts, (SKY, BLUE, GREEN, ORANGE, PINK, "#8c8c8c"), strict=True))
    start = 0.0
    for place, (name, length) in enumerate(turn.parts.items()):
        axes.barh(place, length, left=start, color=colors[name], height=0.62)
        axes.annotate(seconds(length), (max(start, start + length), place), (5, 0), textcoords="offset points",
                      va="center")  # fmt: skip
        start += length
        if place < len(turn.parts) - 1:
            axes.plot([start, start], [place, place + 1], color=theme.muted, linewidth=0.8, linestyle=":")
    whole = len(turn.parts)
    axes.barh(whole, turn.turn_s, color=theme.rest, height=0.62)
    axes.annotate(seconds(turn.turn_s), (turn.turn_s, whole), (5, 0), textcoords="offset points", va="center")
    axes.set_yticks(range(whole + 1), [*(STAGES[name] for name in turn.parts), "whole turn"])
    axes.invert_yaxis()
    axes.margins(x=0.16)
    axes.set_xlabel(f"seconds from the end of the request ({plain(turn.key)})")
    grid(axes, "x", theme)
    return figure


def wer_over_time(summary: Summary, theme: Theme = LIGHT) -> Figure:
    """Plot the word error rate of partial transcripts from a second before the end of speech, with 95 % intervals."""
    points = [(point.at_s, point.wer) for point in summary.wer_over_time if point.wer.value is not None]
    figure, axes = _figure(summary, "Word error rate of partial transcripts", 3.2, theme)
    if not points:
        return _empty(figure, axes, "the target sends no partial transcripts", theme)
    times = [at_s for at_s, _ in points]
    axes.plot(times, [wer.value or 0.0 for _, wer in points], color=theme.accent, marker="o", markersize=4)
    band = [(at_s, bounds.low, bounds.high) for at_s, wer in points if (bounds := wer.interval) is not None]
    if band:
        at_s, low, high = zip(*band, strict=True)
        axes.fill_between(at_s, low, high, color=theme.accent, alpha=0.2, linewidth=0)
    axes.axvline(0.0, color=theme.muted, linewidth=1, linestyle=":")
    axes.annotate(f"{points[-1][1].value:.2f}", (times[-1], points[-1][1].value or 0.0), (6, 0),
                  textcoords="offset points", va="center")  # fmt: skip
    axes.set_ylim(bottom=0)
    axes.set_xlabel(f"seconds from the end of the caller's speech ({counted(points[0][1].n, 'turn')})")
    axes.set_ylabel("WER, 95 % interval")
    grid(axes, "both", theme)
    return figure


def linker(summary: Summary, theme: Theme = LIGHT) -> Figure:
    """Plot precision and recall of companies at each threshold of the agent's linker."""
    points, turns = summary.linker.points, counted(summary.linker.n, "turn")
    figure, axes = _figure(summary, f"Matching threshold for companies, {turns}", 3.4, theme)
    if not points:
        return _empty(figure, axes, "the agent reports no candidates", theme)
    thresholds = [point.threshold for point in points]
    lines = (("precision", VERMILION, "s", "--"), ("recall", theme.accent, "o", "-"), ("f1", GREEN, "^", ":"))
    for name, color, marker, style in lines:
        values = [getattr(point, name) for point in points]
        shown = [(x, y) for x, y in zip(thresholds, values, strict=True) if y is not None]
        axes.plot(
            *zip(*shown, strict=True), color=color, marker=marker, linestyle=style, label=name.replace("f1", "F1")
        )
    if summary.linker.threshold_used is not None:
        axes.axvline(summary.linker.threshold_used, color=theme.muted, linewidth=1, label="in use")
    axes.set_ylim(0, 1.05)
    axes.set_xlabel("minimum score for accepting a company")
    axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1), fontsize=9, labelcolor=theme.ink)
    grid(axes, "both", theme)
    return figure


def svg(figure: Figure) -> bytes:
    """Return the figure as SVG; equal figures give equal bytes.

    Text is converted to outlines, so it looks the same everywhere, unless no installed font covers its script.
    """
    data, lacking = fonts.render(lambda: _svg(figure, "path"))
    if lacking:
        fonts.use_installed(figure, lacking)
        data, lacking = fonts.render(lambda: _svg(figure, "path"))
    if lacking:
        data, _ = fonts.render(lambda: _svg(figure, "none"))
    return data


def _svg(figure: Figure, letters: Literal["path", "none"]) -> bytes:
    import matplotlib as mpl

    sink = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "voicelab", "svg.fonttype": letters}):
        figure.savefig(sink, format="svg", metadata={"Date": None, "Creator": None})
    return sink.getvalue()


def png(figure: Figure, dpi: int = 160) -> bytes | None:
    """Return the figure as PNG; None if no installed font has one of its characters. Use `svg` then."""
    data, lacking = fonts.render(lambda: _png(figure, dpi))
    if lacking:
        fonts.use_installed(figure, lacking)
        data, lacking = fonts.render(lambda: _png(figure, dpi))
    return None if lacking else data


def _png(figure: Figure, dpi: int) -> bytes:
    sink = io.BytesIO()
    figure.savefig(sink, format="png", dpi=dpi)
    return sink.getvalue()


def _figure(summary: Summary, title: str, height_in: float, theme: Theme) -> tuple[Figure, Axes]:
    return canvas(title, run_line(summary), height_in, theme)


def _whisker(axes: Axes, value: float, place: float, bounds: Bounds | None, theme: Theme, *, vertical: bool) -> None:
    if bounds is None:
        return
    reach = [[max(0.0, value - bounds.low)], [max(0.0, bounds.high - value)]]
    x, y = (place, value) if vertical else (value, place)
    along = {"yerr": reach} if vertical else {"xerr": reach}
    style: dict[str, Any] = {"fmt": "none", "ecolor": theme.ink, "elinewidth": 1.4, "capsize": 3.5, **along}
    axes.errorbar(x, y, **style)


def _empty(figure: Figure, axes: Axes, why: str, theme: Theme) -> Figure:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(
        0.5, 0.5, f"Nothing scored: {why}.", ha="center", va="center", color=theme.muted, transform=axes.transAxes
    )
    return figure
