"""A run as tables (pandas DataFrames), for notebooks and turns.parquet."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from voicelab.datasets import SampleSet
from voicelab.report.attribution_tables import causes, equivalence, losses
from voicelab.report.wording import (
    STAGE_NAMES,
    Headline,
    estimate,
    headline,
    interval,
    number,
    percentile,
    seconds,
    stage_value,
)
from voicelab.runs.records import TurnResult
from voicelab.scoring.labels import label
from voicelab.scoring.schema import Rate, Summary, WordFigures
from voicelab.scoring.turns import TurnScore

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "Headline", "causes", "confusion", "entities", "entity_classes", "equivalence", "headline", "headlines", "latency",
    "losses", "samples_by", "samples_frame", "scenarios", "thresholds", "turns_frame", "words_by", "worst",
    "worst_scores", "write_turns",
]  # fmt: skip


def turns_frame(scores: Sequence[TurnScore]) -> pd.DataFrame:
    """A row for each turn: what turns.jsonl holds, then its scores; None where a turn was not scored.

    Lists and objects (expected_entities, entities, candidates) are JSON texts, so that every column has one type.
    """
    import pandas as pd

    columns = (*TurnResult.model_fields, *_SCORE_COLUMNS)
    frame = pd.DataFrame([_row(score) for score in scores], columns=list(columns))
    # Named types: whole numbers stay so beside a None, and a column of nothing but None has the type it always has.
    return frame.astype({name: _type(name) for name in columns})


def _type(column: str) -> str:
    if column in _OTHER_TYPES:
        return _OTHER_TYPES[column]
    if column in _SCORE_COLUMNS or column in ("turn_number", "chunks"):
        return "Int64"
    return "Float64" if column.endswith("_s") else "string"


_OTHER_TYPES = {
    "wer": "Float64", "rtf": "Float64", "intent_right": "boolean", "primary": "boolean", "cold": "boolean",
    "requires_context": "boolean", "started_at": "datetime64[us, UTC]",
}  # fmt: skip
_SCORE_COLUMNS = (
    "reference_words", "hits", "substitutions", "deletions", "insertions", "errors", "wer",
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
        row |= {
            "reference_words": words.reference_words,
            "hits": words.hits,
            "substitutions": words.substitutions,
            "deletions": words.deletions,
            "insertions": words.insertions,
            "errors": words.errors,
            "wer": words.wer,
        }
    for name, counts in (("heard", score.heard), ("answered", score.answered), ("session", score.session)):
        row[f"entities_{name}"] = counts.found if counts is not None else None
    row["entities_expected"] = len(score.turn.expected_entities)
    row["companies_expected"] = len(score.companies)
    if agent is not None:
        row |= {"companies_linked": agent.found, "companies_unexpected": agent.unexpected}
    row["intent_right"] = score.intent_right
    return row


def write_turns(scores: Sequence[TurnScore], path: Path) -> Path:
    """turns.parquet: `turns_frame` as a file."""
    turns_frame(scores).to_parquet(path, index=False)
    return path


def words_by(summary: Summary, by: Literal["category", "speaker"]) -> pd.DataFrame:
    """Word errors of each category or speaker, and of all turns in the last row."""
    import pandas as pd

    groups = summary.words.by_category if by == "category" else summary.words.by_speaker
    rows = [_word_row(label(name), figures) for name, figures in groups.items()]
    return pd.DataFrame([*rows, _word_row("all", summary.words.overall)]).set_index("group").rename_axis(by)


def _word_row(name: str, figures: WordFigures) -> dict[str, Any]:
    return {
        "group": name,
        "turns": figures.n,
        "not scored": figures.not_scored,
        "words": figures.reference_words,
        "sub": figures.substitutions,
        "del": figures.deletions,
        "ins": figures.insertions,
        "WER [95 %]": estimate(figures.wer),
        "CER": number(figures.cer.value),
        "MER": number(figures.mer.value),
        "WIL": number(figures.wil.value),
    }


ENTITY_FIGURES = {
    "surface_heard": "recall, surface, heard",
    "surface_answered": "recall, surface, answered",
    "surface_session": "recall, surface, session",
    "linked_heard": "recall, linked, heard",
    "linked_answered": "recall, linked, answered",
    "agent_recall": "agent's companies, recall",
    "agent_precision": "agent's companies, precision",
    "agent_f1": "agent's companies, F1",
    "entity_wer": "entity WER",
}


def entities(summary: Summary) -> pd.DataFrame:
    """How entities fared, from what was heard to what the agent made of it."""
    import pandas as pd

    rows = []
    for name, title in ENTITY_FIGURES.items():
        rate: Rate = getattr(summary.entities, name)
        rows.append({"figure": title, "value [95 %]": estimate(rate), "counts": f"{rate.part} / {rate.whole}"})
    return pd.DataFrame(rows).set_index("figure")


def entity_classes(summary: Summary) -> pd.DataFrame:
    """How each class of entities fared: heard as written and in any form, and what the agent took from the words."""
    import pandas as pd

    rows = [
        {
            "class": kind,
            "expected": one.surface_heard.whole,
            "heard, as written": estimate(one.surface_heard),
            "heard, in any form": estimate(one.linked_heard),
            "agent: precision": estimate(one.agent_precision),
            "agent: recall": estimate(one.agent_recall),
            "agent: F1": estimate(one.agent_f1),
            "entity WER": estimate(one.entity_wer),
        }
        for kind, one in summary.entity_classes.items()
    ]
    return pd.DataFrame(rows, columns=_CLASS_COLUMNS).set_index("class")


_CLASS_COLUMNS = [
    "class", "expected", "heard, as written", "heard, in any form", "agent: precision", "agent: recall", "agent: F1",
    "entity WER",
]  # fmt: skip


def latency(summary: Summary) -> pd.DataFrame:
    """Percentiles of each stage over the turns that were not cold."""
    import pandas as pd

    rows = []
    for name, stage in summary.latency.stages.items():
        shown = {q: percentile(name, stage, q) for q in ("p50", "p90", "p95", "p99")}
        shown["max"] = stage_value(name, stage.max)
        show = seconds if name.endswith("_s") else number
        for which in ("p50", "p90", "p95", "p99"):
            shown[which] = f"{shown[which]} {interval(getattr(stage, f'{which}_interval'), show)}".strip()
        rows.append({"stage": STAGE_NAMES[name], "column": name, "n": stage.n, **shown})
    return pd.DataFrame(rows).set_index("stage").rename_axis(f"stage ({summary.mode})")


def confusion(summary: Summary) -> pd.DataFrame:
    """Expected intents (rows) and what they were taken for (columns), in turns."""
    import pandas as pd

    frame = pd.DataFrame.from_dict(summary.intents.confusion, orient="index", dtype="int64")
    return frame.rename(index=label, columns=label).rename_axis(index="expected", columns="recognized")


def scenarios(summary: Summary) -> pd.DataFrame:
    """Each scenario, whether it succeeded, and what was missing from it."""
    import pandas as pd

    said = {True: "yes", False: "no", None: "not scored"}
    rows = [
        (one.id, f"{one.answered} / {one.turns}", said[one.success], ", ".join(one.missing), one.note)
        for one in summary.scenarios.each
    ]
    return pd.DataFrame(rows, columns=["scenario", "answered", "success", "missing", "note"]).set_index("scenario")


def thresholds(summary: Summary) -> pd.DataFrame:
    """The linker's precision and recall at each threshold."""
    import pandas as pd

    columns = ["threshold", "found", "missed", "unexpected", "precision", "recall", "f1"]
    rows = [point.model_dump() for point in summary.linker.points]
    return pd.DataFrame(rows, columns=columns).set_index("threshold")


def worst_scores(scores: Sequence[TurnScore], count: int = 8) -> list[TurnScore]:
    """The primary turns to look at first: those that failed, then those with the most word errors for their length."""
    suspects = [score for score in scores if score.turn.primary and (score.errors or score.turn.broken)]
    suspects.sort(key=_badness, reverse=True)
    return suspects[:count]


def _badness(score: TurnScore) -> tuple[bool, float, int]:
    wer = score.words.wer if score.words is not None else None
    return score.turn.broken, wer if wer is not None else 0.0, score.errors


def worst(scores: Sequence[TurnScore], count: int = 8) -> pd.DataFrame:
    """The worst turns as a table: reference and what was heard instead."""
    import pandas as pd

    rows = []
    for score in worst_scores(scores, count):
        turn, wer = score.turn, score.words.wer if score.words else None
        reason = turn.failure.code if turn.failure else ""
        rows.append((turn.key, turn.speaker, number(wer), turn.text, turn.heard, turn.answer, reason))
    columns = ["turn", "speaker", "WER", "reference", "heard", "answer", "failed"]
    return pd.DataFrame(rows, columns=columns).set_index("turn")


def headlines(summary: Summary) -> pd.DataFrame:
    """The figures to see first, as a table."""
    import pandas as pd

    columns = ["figure", "value", "95 % interval, counts"]
    return pd.DataFrame(headline(summary)).set_axis(columns, axis="columns").set_index("figure")


def samples_frame(samples: SampleSet) -> pd.DataFrame:
    """A row for each sample of a set, its recording decoded for its duration in seconds."""
    import pandas as pd

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
    return pd.DataFrame(rows).set_index("sample")


def samples_by(frame: pd.DataFrame, column: str) -> pd.DataFrame:
    """How many samples of `samples_frame` there are of each category or speaker, and how long they are, in seconds."""
    import pandas as pd

    durations = frame.groupby(column, sort=False)["duration_s"]
    return pd.DataFrame(
        {
            "samples": durations.count(),
            "total_s": durations.sum(),
            "shortest_s": durations.min(),
            "median_s": durations.median(),
            "longest_s": durations.max(),
        }
    )
