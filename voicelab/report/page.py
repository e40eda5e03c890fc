"""Render report.html: one file that works offline, in light and dark mode, on any screen width and in print."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voicelab.datasets import Sample, SampleSet
from voicelab.figures.outside import table_with
from voicelab.metrics.intervals import FEW
from voicelab.metrics.latency import QUANTILES, least_turns_for_interval
from voicelab.report import plots, sound_tables, tables
from voicelab.report.attribution_tables import why_view
from voicelab.report.lanes import Lanes
from voicelab.report.provenance import provenance
from voicelab.report.selection import MOST_TURNS, Selection, select_turns
from voicelab.report.sounds import SOUND_LIMIT_BYTES, request_sound
from voicelab.report.templating import environment
from voicelab.report.text_tables import absent, as_text
from voicelab.report.theme import Theme
from voicelab.report.title import run_title
from voicelab.report.views import TurnCard, anchor, view_turns
from voicelab.report.wording import NONE, clusters, interval_methods, line_of_samples, number, ranked_headline
from voicelab.runs import storage
from voicelab.runs.records import RunFolder, RunResult
from voicelab.scoring import sound_quality, summary_file
from voicelab.scoring.schema import ScenarioOutcome, Summary
from voicelab.scoring.scored_run import ScoredRun, read_scored
from voicelab.scoring.sound_quality import SoundQualityRecord
from voicelab.scoring.summary import summarize_scored
from voicelab.text.plural import counted

if TYPE_CHECKING:
    import jinja2
    import pandas as pd
    from matplotlib.figure import Figure

WORST = 8
SIZE_LIMIT_BYTES = 15_000_000
"""Maximum size of report.html in bytes."""
_FEWEST_TURNS = 50
_MOST_ROWS = 250
"""Maximum number of rows of a table; summary.json contains all rows."""


def write(folder: RunFolder, figures: Iterable[Any] = (), samples: SampleSet | None = None) -> Path:
    """Write summary.json, turns.parquet and report.html of a run. Returns the path of report.html.

    figures: additional figures (see `figures.outside.table_with`). samples: the run's set, if already loaded. Raises
    InputError if the folder is not a run, StorageError if a file cannot be written. Each file is replaced atomically.
    """
    found = read_scored(folder, whole=samples)
    summary = summarize_scored(found, table_with(figures))
    summary_file.write(folder.path, summary)
    tables.write_turns(found.scores, folder.path / "turns.parquet")
    path = folder.path / "report.html"
    storage.write_whole(path, _small_page(found, summary).encode())
    return path


def _small_page(found: ScoredRun, summary: Summary) -> str:
    """Render the page with as many turns and as much audio as fit into SIZE_LIMIT_BYTES."""
    sound, pictures = sound_quality.read(found.folder.path), _pictures(summary)
    most, sound_bytes = MOST_TURNS, SOUND_LIMIT_BYTES
    while True:
        selection = select_turns(found.scores, found.run.spec.seed, most)
        views = view_turns(found.folder, selection.worst_first, found.samples, limit_bytes=sound_bytes)
        text = render(found.run, summary, selection, views, pictures, sound)
        if len(text.encode()) <= SIZE_LIMIT_BYTES or most <= _FEWEST_TURNS:
            return text
        most, sound_bytes = most // 2, sound_bytes // 2


def render(
    run: RunResult,
    summary: Summary,
    selection: Selection,
    views: Sequence[TurnCard],
    pictures: Sequence[plots.Picture] = (),
    sound: SoundQualityRecord | None = None,
) -> str:
    """Render the page. views: the selected turns. sound: the results of `voicelab listen`."""
    by_key = {view.turn.key: view for view in views}
    ordered = [by_key[score.turn.key] for score in selection.scores]
    primary = [view for view in ordered if view.turn.primary]
    worst = tables.worst_scores([view.score for view in ordered], WORST)
    first, rest = ranked_headline(summary)
    return _templates().get_template("page.html").render(
        run=run,
        title=run_title(run),
        summary=summary,
        selection=selection,
        headline=first,
        more_figures=rest,
        pictures=pictures,
        tables=[*_tables(summary), *_sound_tables(sound)],
        worst=[by_key[score.turn.key] for score in worst],
        samples=primary,
        filters=_filters(primary),
        failed=[view for view in ordered if view.turn.broken],
        categories=list(dict.fromkeys(view.turn.category for view in primary)),
        speakers=list(dict.fromkeys(view.turn.speaker for view in primary if view.turn.speaker)),
        conversations=_conversations(summary, ordered),
        shown=by_key,
        anchor=anchor,
        cold=summary.cold,
        why=why_view(summary, selection.scores),
        provenance=provenance(run, summary),
    )  # fmt: skip


_FILTERS = {
    "errors": "word errors",
    "intent": "wrong intent",
    "entity": "lost entity",
    "tool": "tool call",
    "wrong-tool": "wrong tool call",
    "fault": "fault",
}


def _filters(views: Sequence[TurnCard]) -> list[tuple[str, str, int]]:
    """Return (flag, label, number of turns) of each filter that matches a turn."""
    counts = Counter(flag for view in views for flag in view.flags.split())
    return [(flag, name, counts[flag]) for flag, name in _FILTERS.items() if counts[flag]]


def _sound_tables(record: SoundQualityRecord | None) -> list[_Table]:
    """Return the tables of audio quality; none before `voicelab listen`."""
    if record is None:
        return []
    means = tuple(sound_tables.rows(record))
    lowest = tuple(sound_tables.lowest(record.requests.sounds, WORST))
    note = "Word errors are those of the run's recognizer."
    return [
        _Table("Sound quality", sound_tables.note(record), sound_tables.COLUMNS, means),
        _Table("Requests with the lowest sound quality", note, sound_tables.WORST_COLUMNS, lowest),
    ]


def samples_html(views: Sequence[TurnCard], title: str) -> str:
    """Render turns as cards with players and alignments: an HTML fragment with its style, for notebooks."""
    return _templates().get_template("samples.html").render(views=views, title=title)


def requests_html(samples: Iterable[Sample]) -> str:
    """Render samples as cards with their text and a player, for notebooks."""
    requests = [(sample, request_sound(sample)) for sample in samples]
    return _templates().get_template("requests.html").render(requests=requests)


@cache
def _templates() -> jinja2.Environment:
    templates = environment()
    templates.filters |= {
        "breakable": _breakable,
        "interval_methods": interval_methods,
        "clusters": clusters,
        "line_of_samples": line_of_samples,
    }
    return templates


def _breakable(name: str) -> Any:
    """Allow line breaks in an id after underscores and slashes only."""
    from markupsafe import Markup, escape

    return Markup(re.sub(r"([_/])", r"\1<wbr>", str(escape(name))))


def _pictures(summary: Summary) -> list[plots.Picture]:
    draw: list[tuple[str, Callable[[Theme], Figure]]] = [
        ("Word error rate by category, as in the table below", lambda theme: plots.wer_by(summary, "category", theme)),
        ("Word error rate by speaker, as in the table below", lambda theme: plots.wer_by(summary, "speaker", theme)),
        ("Intent confusion, as in the table below", lambda theme: plots.intent_confusion(summary, theme)),
        ("Entity recall, as in the table below", lambda theme: plots.entity_recall(summary, theme)),
        ("Latency percentiles by stage, as in the table below", lambda theme: plots.latency(summary, theme)),
        ("The stages of the median turn in order", lambda theme: plots.waterfall(summary, theme)),
        ("Precision and recall by threshold, as in the table below", lambda theme: plots.linker(summary, theme)),
    ]
    if summary.wer_over_time:
        alt = "Word error rate over time, as in the table below"
        draw.insert(2, (alt, lambda theme: plots.wer_over_time(summary, theme)))
    return [plots.Picture.of(alt, figure) for alt, figure in draw]


@dataclass(frozen=True, slots=True)
class _Table:
    title: str
    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def _tables(summary: Summary) -> list[_Table]:
    sure = summary.resampling
    made = f"{100 * sure.level:.0f} % intervals: {interval_methods(summary)}"
    limited = f" {sure.note[0].upper()}{sure.note[1:]}." if sure.note else ""
    whole = f"{made}; by {sure.unit} ({sure.clusters}) where a group has two or more, else by sample.{limited}"
    over_time = "Error rate of the partial transcripts, in seconds from the end of the caller's speech."
    by_speaker = tables.figures_by(summary, "speaker", "scenario_success")
    of_scenarios = (
        "The share of a speaker's scenarios that succeeded. A speaker with one scenario has no interval, and fewer "
        f"than {FEW} give only a bound."
    )
    return [
        _table("Words by category", whole, tables.words_by(summary, "category")),
        _table("Words by speaker", whole, tables.words_by(summary, "speaker")),
        *([_table("Scenarios by speaker", of_scenarios, by_speaker)] if len(by_speaker) else []),
        *(
            [_table("Word error rate over time", over_time, tables.wer_over_time(summary))]
            if summary.wer_over_time
            else []
        ),
        _table("Entities", _not_scored(summary, "entity_recall"), tables.entities(summary)),
        _table("Entities by class", "Any form counts: a company by any of its names, once; an amount or a date in any "
               "wording. The agent's figures cover the classes that it extracts.",
               tables.entity_classes(summary)),
        _table("Turns whose action changes", _replay_note(summary), tables.equivalence(summary)),
        _table("Intents", _not_scored(summary, "intent_accuracy"), tables.confusion(summary)),
        _table(f"Latency, {summary.mode}", _latency_note(), tables.latency(summary)),
        *(
            [_table("Latency by speaker", _latency_note(), tables.latency_by(summary, "speaker"))]
            if "speaker" in summary.by
            else []
        ),
        _table("The agent's matching threshold", summary.linker.note, tables.thresholds(summary)),
        _table("All figures", "Use these names in voicelab gate, voicelab compare and summary.json.",
               tables.figures_frame(summary)),
    ]  # fmt: skip


def _not_scored(summary: Summary, name: str) -> str:
    found = summary.figures.get(name)
    return f"Not scored: {counted(summary.turns.primary - (found.n if found is not None else 0), 'turn')}."


def _replay_note(summary: Summary) -> str:
    found = summary.figures.get("action_changes")
    if found is None or not found.n:
        return "Not known" + (f": {found.missing}." if found is not None and found.missing else ".")
    return f"We re-ran the agent on the reference transcripts. {_not_scored(summary, 'action_changes')}"


def _latency_note() -> str:
    needs = ", ".join(f"{least_turns_for_interval(at)} for {name[:-2]}" for name, at in QUANTILES.items())
    return (
        "Answered primary turns, without cold ones. Intervals need a minimum effective number of turns, in which the "
        f"turns of one conversation count less: {needs}."
    )


def _table(title: str, note: str, frame: pd.DataFrame) -> _Table:
    flat = as_text(frame).reset_index()
    rows = tuple(tuple(map(_cell, row)) for row in flat.itertuples(index=False))
    if len(rows) > _MOST_ROWS:
        note = f"{note} summary.json contains {len(rows) - _MOST_ROWS:,} more rows.".strip()
        rows = (*rows[: _MOST_ROWS - 1], rows[-1])
    return _Table(title, note, tuple(map(str, flat.columns)), rows)


def _cell(value: Any) -> str:
    if absent(value):
        return NONE
    return number(value) if isinstance(value, float) else str(value)


def _conversations(
    summary: Summary, views: Sequence[TurnCard]
) -> list[tuple[ScenarioOutcome, list[TurnCard], Lanes | None]]:
    """Return the scenarios whose turns the page shows, failed ones first."""
    by_scenario: dict[str, list[TurnCard]] = {}
    for view in views:
        if view.turn.scenario_id is not None:
            by_scenario.setdefault(view.turn.scenario_id, []).append(view)
    found = []
    for outcome in sorted(summary.scenarios, key=lambda one: one.success is not False):
        turns = sorted(by_scenario.get(outcome.id, ()), key=lambda view: view.turn.turn_number)
        if turns:
            found.append((outcome, turns, next((view.lanes for view in turns if view.lanes is not None), None)))
    return found
