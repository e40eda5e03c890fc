"""Output for notebook cells: a progress bar, tables, figures, and turns with sound."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from statistics import median
from time import monotonic
from typing import TYPE_CHECKING, Any

from voicelab.datasets import Sample
from voicelab.figures.scored_turn import TurnScore
from voicelab.report import page, plots, views
from voicelab.report.sounds import data_uri
from voicelab.report.text_tables import as_text
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.scoring import inputs
from voicelab.text.plural import counted

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_REDRAW_S = 0.2


class Bar:
    """A progress bar in a cell. One output is updated in place, in JupyterLab and under papermill."""

    def __init__(self, label: str) -> None:
        self._label = label
        self._began: tuple[int, float] | None = None
        self.turns: list[TurnResult] = []
        self._handle: Any = None
        self._shown_at = 0.0

    def __call__(self, done: int, total: int, turn: TurnResult | None = None) -> None:
        if turn is not None:
            self.turns.append(turn)
        self._began = self._began or (done, monotonic())
        if done < total and monotonic() - self._shown_at < _REDRAW_S:
            return
        line = ", ".join([f"{done} of {total} {self._label}", *self._left(done, total), *self._so_far()])
        bar = f'<progress value="{done}" max="{total}"></progress> {escape(line)}'
        self._show({"text/html": bar + self.html_below(), "text/plain": ", ".join([line, *self.text_below()])})
        self._shown_at = monotonic()

    def text_below(self) -> list[str]:
        """Text after the progress, in plain-text output."""
        return []

    def html_below(self) -> str:
        """HTML below the bar."""
        return ""

    def show_text(self, text: str) -> None:
        """Replace the bar with a sentence."""
        self._show({"text/html": f"<p>{escape(text)}</p>", "text/plain": text})

    def _show(self, bundle: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(bundle, raw=True)

    def _left(self, done: int, total: int) -> list[str]:
        """Return the estimated time left, at the mean speed so far."""
        first, since_s = self._began or (done, 0.0)
        if not first < done < total:
            return []
        return [f"about {(monotonic() - since_s) / (done - first) * (total - done):.0f} s left"]

    def _so_far(self) -> list[str]:
        """Return running figures of the turns since the bar was created: failures and the median turn duration."""
        failed = sum(turn.broken for turn in self.turns)
        took_s = [turn.turn_s for turn in self.turns if turn.turn_s is not None and not turn.cold]
        shown = [f"median turn {median(took_s):.2f} s"] if took_s else []
        return [*([f"{failed} failed"] if failed else []), *shown]


@dataclass(frozen=True, slots=True, repr=False)
class Shown:
    """A rich display: HTML, or a PNG image with its width in CSS pixels. what: its text without a notebook."""

    what: str
    html: str | None = None
    png: bytes | None = None
    width: int = 0

    def __repr__(self) -> str:
        return self.what

    def _repr_html_(self) -> str | None:
        return self.html

    def _repr_png_(self) -> tuple[bytes, dict[str, int]] | None:
        return (self.png, {"width": self.width}) if self.png is not None else None


def figure(drawn: Figure) -> Shown:
    """Show a figure at 200 dpi, or as SVG if no installed font covers its text."""
    width = round(100 * drawn.get_figwidth())
    picture = plots.png(drawn, dpi=200)
    if picture is None:
        source = data_uri(plots.svg(drawn), "image/svg+xml")
        return Shown("figure", html=f'<img src="{source}" width="{width}" alt="figure">')
    return Shown("figure", png=picture, width=width)


def link(path: Path, text: str) -> Shown:
    """Show a link to a file. It also works in an untrusted notebook."""
    return Shown(
        f"{text}: {path}", html=f'<a href="{escape(path.as_posix())}">{escape(text)}</a> ({escape(str(path))})'
    )


def table(frame: pd.DataFrame, title: str) -> Shown:
    """Show a table with a title."""
    styled = as_text(frame).reset_index().style.hide(axis="index").set_caption(title).format(na_rep="–", precision=3)
    styled = styled.set_table_styles(
        [
            {"selector": "caption", "props": "text-align: left; font-weight: bold; padding: 4px 0"},
            {"selector": "td, th", "props": "text-align: left"},
        ]
    )
    return Shown(title, html=styled.to_html())


def turns(folder: RunFolder, run: RunResult, scores: Sequence[TurnScore]) -> Shown:
    """Show turns as cards, with the alignment and players for request and reply."""
    shown = views.view_turns(folder, scores, inputs.sample_set(run))
    title = f"{counted(len(shown), 'turn')} of run {run.run_id}"
    return Shown("turns", html=page.samples_html(shown, title))


def requests(samples: Iterable[Sample]) -> Shown:
    """Show samples as cards, with text, expectations and a player."""
    return Shown("samples", html=page.requests_html(samples))
