"""Tables (pandas DataFrames) of a run, for notebooks and turns.parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voicelab.datasets import SampleSet
from voicelab.figures.figure import Figure, Group, Percentile
from voicelab.figures.latency import POINTS, STAGES
from voicelab.figures.scored_turn import TurnScore
from voicelab.figures.table import FIGURES
from voicelab.report.attribution_tables import causes, equivalence, interval_columns, losses
from voicelab.report.frames import data_frame
from voicelab.report.wording import Headline, headline, too_small
from voicelab.runs import storage
from voicelab.runs.records import TurnResult
from voicelab.scoring.labels import label
from voicelab.scoring.leading import labelled
from voicelab.scoring.schema import Measured, Summary

if TYPE_CHECKING:
    import pandas as pd

Grouping = Literal["category", "speaker", "condition", "entity_class"]

__all__ = [
    "Headline", "causes", "confusion", "entities", "entity_classes", "equivalence", "figures_by", "figures_frame",
    "headline", "headlines", "latency", "losses", "samples_by", "samples_frame", "scenarios", "thresholds",
    "turns_frame", "words_by", "worst_scores", "write_turns",
]  # fmt: skip


def turns_frame(scores: Sequence[TurnScore]) -> pd.DataFrame:
    """Return a row for each turn: the fields of turns.jsonl, then its scores; None if the turn was not scored.

    Lists and objects (expected_entities, entities, candidates) are JSON texts, so that every column has one type.
    """
    columns = (*TurnResult.model_fields, *_SCORE_COLUMNS)
    frame = data_frame([_row(score) for score in scores], columns)
    # Explicit types keep integers beside None, and give a column of only None its usual type.
    return frame.astype({name: _type(name) for name in columns})


def _type(column: str) -> str:
    if column in _OTHER_TYPES:
        return _OTHER_TYPES[column]
    if column in _SCORE_COLUMNS or column in ("turn_number", "chunks"):
        return "Int64"
    return "Float64" if column.endswith("_s") else "string"


_OTHER_TYPES = {
    "wer": "Float64", "rtf": "Float64", "intent_right": "boolean", "primary": "boolean", "cold": "boolean",
    "requires_context": "boolean", "started_at": "datetime64[us, UTC]", "entity_ends_s": "string",
}  # fmt: skip
_WORD_COLUMNS = ("reference_words", "hits", "substitutions", "deletions", "insertions", "errors", "wer")
_SCORE_COLUMNS = (
    *_WORD_COLUMNS,
    "entities_expected", "entities_heard", "entities_answered", "entities_session",
    "companies_expected", "companies_linked", "companies_unexpected", "intent_right",
)  # fmt: skip


def _row(score: TurnScore) -> dict[str, Any]:
    words, agent = score.words, score.agent
    row: dict[str, Any] = {}
    for name, value in score.turn.model_dump().items():
        is_nested = isinstance(value, (tuple, dict))
        row[name] = json.dumps(value, ensure_ascii=False) if is_nested else value
    row |= dict.fromkeys(_SCORE_COLUMNS)
    if words is not None:
        row |= {name: getattr(words, name) for name in _WORD_COLUMNS}
    for name, counts in (("heard", score.heard), ("answered", score.answered), ("session", score.session)):
        row[f"entities_{name}"] = counts.found if counts is not None else None
    row["entities_expected"] = len(score.turn.expected_entities)
    row["companies_expected"] = len(score.companies)
    if agent is not None:
        row |= {"companies_linked": agent.found, "companies_unexpected": agent.unexpected}
    row["intent_right"] = score.intent_right
    return row


def write_turns(scores: Sequence[TurnScore], path: Path) -> None:
    """Write `turns_frame` to turns.parquet."""
    storage.write_whole(path, turns_frame(scores).to_parquet(index=False))


def figures_frame(summary: Summary, *groups: Group) -> pd.DataFrame:
    """Return a row for each figure: value, low, high, n, part and of (numerator and denominator), and missing.

    missing: the reason for an absent value. groups: include only these groups of figures; by default all. The column
    `name` contains the names used in options and files.
    """
    rows = [
        {"figure": label.title, "name": name, **_numbers(found), "unit": label.unit}
        for name, label, found in labelled(summary)
        if not groups or label.group in groups
    ]
    columns = ["figure", "name", "value", "low", "high", "n", "part", "of", "missing", "unit"]
    return data_frame(rows, columns, index="figure")


def _numbers(found: Measured) -> dict[str, Any]:
    kept = {name: getattr(found, name) for name in ("value", "low", "high", "n", "part", "of")}
    return {**kept, "missing": found.missing or found.no_interval}


def _named(column: str, found: Measured | None) -> dict[str, Any]:
    """Return `interval_columns`, and why the figure has no value as the column `{column} missing`."""
    missing = found.missing if found is not None and too_small(found) else None
    return interval_columns(column, found) | {f"{column} missing": missing}


def words_by(summary: Summary, by: Grouping) -> pd.DataFrame:
    """Return the word figures of each member of a grouping; the last row is the total."""
    members = {label(name): found for name, found in summary.by.get(by, {}).items()} | {"all": summary.figures}
    rows = [{"group": name, **_word_row(found)} for name, found in members.items()]
    return data_frame(rows, index="group").rename_axis(by)


def _word_row(found: Mapping[str, Measured]) -> dict[str, Any]:
    wer = found.get("wer")
    counts = wer.counts if wer is not None else {}
    row: dict[str, Any] = {
        "turns": wer.n if wer is not None else 0,
        "words": wer.of if wer is not None else 0,
        "sub": counts.get("substitutions", 0),
        "del": counts.get("deletions", 0),
        "ins": counts.get("insertions", 0),
    }
    for figure in FIGURES.values():
        if figure.group == "words":
            one = found.get(figure.name)
            row |= _named(figure.short, one) if figure.name == "wer" else {figure.short: one.value if one else None}
    return row


def figures_by(summary: Summary, by: Grouping, name: str) -> pd.DataFrame:
    """Return a figure of each member of a grouping: value, low, high, n."""
    rows = [
        {by: label(member), **_numbers(found[name])}
        for member, found in summary.by.get(by, {}).items()
        if name in found
    ]
    return data_frame(rows, [by, "value", "low", "high", "n", "part", "of", "missing"], index=by)


def latency_by(summary: Summary, by: Grouping) -> pd.DataFrame:
    """Return the leading latencies in seconds of each member of a grouping; the last row is the total."""
    members = {label(name): found for name, found in summary.by.get(by, {}).items()} | {"all": summary.figures}
    known = [one for one in FIGURES.values() if isinstance(one, Percentile) and one.grouped and _n(summary, one.name)]
    rows = []
    for name, found in members.items():
        row: dict[str, Any] = {
            by: name,
            "turns": max((found[one.name].n for one in known if one.name in found), default=0),
        }
        for figure in known:
            row |= _named(figure.short, found.get(figure.name))
        rows.append(row)
    return data_frame(rows, index=by)


def _n(summary: Summary, name: str) -> int:
    found = summary.figures.get(name)
    return found.n if found is not None else 0


def entities(summary: Summary) -> pd.DataFrame:
    """Return the figures of entities."""
    return figures_frame(summary, "entities")


def entity_classes(summary: Summary) -> pd.DataFrame:
    """Return a row for each class of entities, with the figures that are computed by class."""
    figures = [figure for figure in FIGURES.values() if isinstance(figure, Figure) and figure.by_class]
    rows = []
    for kind, found in summary.by.get("entity_class", {}).items():
        expected = found["entity_recall"].of if "entity_recall" in found else 0
        row: dict[str, Any] = {"class": kind, "expected": expected}
        for figure in figures:
            row |= _named(figure.title, found.get(figure.name))
        rows.append(row)
    columns = ["class", "expected", *(column for figure in figures for column in _named(figure.title, None))]
    return data_frame(rows, columns, index="class")


def latency(summary: Summary) -> pd.DataFrame:
    """Return percentiles of each stage in seconds, over all turns but the cold ones."""
    rows = []
    for stage, title in STAGES.items():
        found = {point: summary.figures.get(f"{stage}.{point}") for point in POINTS}
        timed = next((one.n for one in found.values() if one is not None), 0)
        row: dict[str, Any] = {"stage": title, "column": stage, "n": timed}
        for point, one in found.items():
            row |= _named(point, one) if point != "max" else {point: one.value if one is not None else None}
        rows.append(row | {"unit": "s" if stage.endswith("_s") else "number"})
    return data_frame(rows, index="stage").rename_axis(f"stage ({summary.mode})")


def wer_over_time(summary: Summary) -> pd.DataFrame:
    """Return the word error rate of partial transcripts at times from the end of the caller's speech."""
    rows = [{"seconds": point.at_s, "n": point.wer.n, **_named("WER", point.wer)} for point in summary.wer_over_time]
    return data_frame(rows, list(rows[0]) if rows else ["seconds", "n", "WER"], index="seconds")


def confusion(summary: Summary) -> pd.DataFrame:
    """Return the confusion matrix of intents, in turns: expected (rows), recognized (columns)."""
    frame = data_frame(summary.confusion).T.astype("int64")
    return frame.rename(index=label, columns=label).rename_axis(index="expected", columns="recognized")


def scenarios(summary: Summary) -> pd.DataFrame:
    """Return each scenario, whether it succeeded, and the missing entities."""
    said = {True: "yes", False: "no", None: "not scored"}
    rows = [
        (one.id, f"{one.answered} / {one.turns}", said[one.success], ", ".join(one.missing), one.note)
        for one in summary.scenarios
    ]
    return data_frame(rows, ["scenario", "answered", "success", "missing", "note"], index="scenario")


def thresholds(summary: Summary) -> pd.DataFrame:
    """Return the linker's precision and recall at each threshold."""
    columns = ["threshold", "found", "missed", "unexpected", "precision", "recall", "f1"]
    rows = [point.model_dump() for point in summary.linker.points]
    return data_frame(rows, columns, index="threshold")


def worst_scores(scores: Sequence[TurnScore], count: int = 8) -> list[TurnScore]:
    """Return the worst primary turns: failed ones, then by word error rate. Turns without errors are omitted."""
    suspects = [score for score in scores if score.turn.primary and (score.errors or score.turn.broken)]
    suspects.sort(key=_badness, reverse=True)
    return suspects[:count]


def _badness(score: TurnScore) -> tuple[bool, float, int]:
    wer = score.words.wer if score.words is not None else None
    return score.turn.broken, wer if wer is not None else 0.0, score.errors


def headlines(summary: Summary) -> pd.DataFrame:
    """Return the figures of the report as a table."""
    columns = ["figure", "value", "95 % interval, counts"]
    return data_frame(headline(summary), columns, index="figure")


def samples_frame(samples: SampleSet) -> pd.DataFrame:
    """Return a row for each sample of a set. Decodes each recording to get its duration in seconds."""
    rows = [
        {
            "sample": sample.id,
            "category": label(sample.category),
            "speaker": sample.speaker or "",
            "duration_s": sample.clip().duration_s,
            "text": sample.text,
            "intent": label(sample.expected_intent or ""),
            "entities": ", ".join(sample.expected_entities),
        }
        for sample in samples.samples
    ]
    return data_frame(rows, index="sample")


def samples_by(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return the number and the durations, in seconds, of the samples of each category or speaker."""
    columns = {"samples": "count", "total_s": "sum", "shortest_s": "min", "median_s": "median", "longest_s": "max"}
    found = frame.groupby(column, sort=False)["duration_s"].agg(list(columns.values()))
    return found.set_axis(list(columns), axis="columns")
