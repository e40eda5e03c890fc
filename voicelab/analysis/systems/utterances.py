"""Write one row per utterance as CSV or JSON lines: counts, error rate and alignment."""

import csv
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from voicelab.analysis.score_transcripts import Score, figures
from voicelab.errors import InputError
from voicelab.metrics.words import AlignmentStep

GAP = "***"
"""Placeholder for a word that only the other side has."""


def utterance_rows(score: Score) -> Iterator[dict[str, Any]]:
    """One row per utterance: id, speaker, the counts and rates of `figures`, and the alignment.

    The alignment is a list of [operation, reference word, hypothesis word], with None for a missing word.
    """
    for place, (pair, counts) in enumerate(zip(score.pairs, score.utterances, strict=True)):
        row: dict[str, Any] = {"id": pair.id, "speaker": pair.speaker}
        row |= {name: value for name, value in figures(counts).items() if name not in ("sentences", "ser")}
        row["alignment"] = [[step.operation, step.reference, step.hypothesis] for step in score.steps(place)]
        yield row


def write_utterances(path: Path, scores: Mapping[str, Score]) -> None:
    """Write the rows of all systems to a .csv or .jsonl file; InputError for another ending, or a failed write.

    In a .csv the alignment has two columns, REF and HYP, with `***` for a missing word.
    """
    if path.suffix.lower() not in (".csv", ".jsonl"):
        raise InputError(f"--utterances {path}: use a name that ends in .csv or .jsonl")
    rows = ({"system": system} | row for system, score in scores.items() for row in utterance_rows(score))
    try:
        with path.open("w", encoding="utf-8", newline="") as file:
            if path.suffix.lower() == ".jsonl":
                file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
                return
            writer: csv.DictWriter[str] | None = None
            for row in rows:
                row["ref"], row["hyp"] = _sides(row.pop("alignment"))
                if writer is None:
                    writer = csv.DictWriter(file, list(row))
                    writer.writeheader()
                writer.writerow(row)
    except OSError as error:
        raise InputError(f"--utterances {path}: cannot be written: {error.strerror}") from error


def _sides(steps: list[list[str | None]]) -> tuple[str, str]:
    reference = " ".join(GAP if word is None else word for _, word, _ in steps)
    return reference, " ".join(GAP if word is None else word for _, _, word in steps)


def worst(score: Score, most: int) -> list[tuple[int, tuple[AlignmentStep, ...]]]:
    """Indices and alignments of the utterances with the most errors; utterances without errors are left out."""
    errors = [counts.words.errors for counts in score.utterances]
    places = sorted((place for place, count in enumerate(errors) if count), key=lambda place: -errors[place])
    return [(place, score.steps(place)) for place in places[:most]]
