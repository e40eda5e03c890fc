"""Live view of a run in a notebook cell: progress, figures so far, and the last turns with audio.

A single output is updated in place, without scripts or widgets, so it works in JupyterLab and, as plain text, under
papermill.
"""

from functools import partial
from html import escape
from pathlib import Path
from time import monotonic

from voicelab.audio import decoding
from voicelab.errors import VoicelabError
from voicelab.figures.table import shown_in
from voicelab.report.cells import Bar
from voicelab.report.sounds import data_uri
from voicelab.report.wording import in_unit, interval
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.scoring.measuring import measure
from voicelab.scoring.summary import scores_of
from voicelab.text import headline_of

_LAST_TURNS = 3
_SHARE_OF_TIME = 0.05
"""Maximum fraction of the elapsed time that is spent on recomputing the figures."""
_HINT = "<p><small>To stop, interrupt the kernel (■). Completed turns are saved; the run can be continued.</small></p>"


class LiveView(Bar):
    """Progress callback for `voicelab.evaluate` that shows the run. folder: the run's folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__("turns")
        self._folder = RunFolder(folder)
        self._figures: list[tuple[str, str, str]] = []
        self._next_figures_at = 0.0
        self._over = False

    def __call__(self, done: int, total: int, turn: TurnResult | None = None) -> None:
        self._over = done >= total
        super().__call__(done, total, turn)

    def stopped(self) -> None:
        """Show that the run was interrupted and how to continue it."""
        if not (self._folder.path / "run.json").is_file():
            return
        kept = len(self._folder.turns(torn=True))
        self.show_text(f'stopped; {kept} turns are saved; continue: run = voicelab.resume("{self._folder.path}")')

    def text_below(self) -> list[str]:
        return [f"{title} {value} {interval}".strip() for title, value, interval in self._figures]

    def html_below(self) -> str:
        self._refresh()
        rows = "".join(
            f"<tr><td>{escape(title)}</td><td>{escape(value)}</td><td>{escape(interval)}</td></tr>"
            for title, value, interval in self._figures
        )
        table = f"<table><tr><th>so far</th><th></th><th>95 % interval</th></tr>{rows}</table>" if rows else ""
        turns = "".join(self._turn(turn) for turn in reversed(self.turns[-_LAST_TURNS:]))
        return f"{table}{turns}{'' if self._over else _HINT}"

    def _refresh(self) -> None:
        began = monotonic()
        if began < self._next_figures_at and not self._over:
            return
        try:
            self._figures = leading_figures(self._folder.read(), self._folder.turns(torn=True))
        except VoicelabError:
            self._figures = []  # an error of the view must not stop the run
        took_s = monotonic() - began
        self._next_figures_at = began + max(1.0, took_s / _SHARE_OF_TIME)

    def _turn(self, turn: TurnResult) -> str:
        lines = [f"<b>{escape(turn.key)}</b> {escape(turn.text)}", f"heard: {escape(turn.heard or '–')}"]
        if turn.failure is not None:
            lines.append(f"failed: {escape(turn.failure.message)}")
        elif turn.answer:
            lines.append(f"answer: {escape(turn.answer)}")
        return f"<p>{'<br>'.join(lines)}{self._player(turn)}</p>"

    def _player(self, turn: TurnResult) -> str:
        if turn.reply_file is None:
            return ""
        try:
            data = (self._folder.path / turn.reply_file).read_bytes()
        except OSError:
            return ""
        return f'<br><audio controls src="{data_uri(data, decoding.media_type(data))}"></audio>'


def leading_figures(run: RunResult, turns: list[TurnResult]) -> list[tuple[str, str, str]]:
    """Return the leading figures of the report for these turns: title, value, 95 % interval."""
    primary = [score for score in scores_of(run, turns) if score.turn.primary]
    found = []
    for figure in shown_in("lead"):
        if getattr(figure, "over", "turns") != "turns":
            continue
        if figure.name in ("wer", "cer") and figure.name != headline_of(run.spec.rules):
            continue
        one = measure(figure, primary)
        if one.value is not None:
            bounds = interval(one.interval, partial(in_unit, unit=figure.unit))
            found.append((figure.title, in_unit(one.value, figure.unit), bounds))
    return found
