"""The page of `voicelab score --html`: figures, tests and alignments of transcripts in one offline file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.analysis.score_transcripts import Score, ScoreCounts
from voicelab.analysis.systems.intervals import RateWithInterval, rates_with_intervals
from voicelab.analysis.systems.utterances import worst
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.errors import InputError
from voicelab.metrics.significance import p_text
from voicelab.metrics.words import AlignmentStep, WordCounts
from voicelab.report.templating import environment
from voicelab.report.wording import NONE

if TYPE_CHECKING:
    from voicelab.analysis.systems import SystemPair

MOST_ALIGNMENTS = 500
"""Maximum number of alignments per system."""


@dataclass(frozen=True, slots=True)
class _System:
    """A system. rows: the counts and the rate of each speaker, and of all; classes: those of each entity class.

    alignments: the utterances with the most errors, with their counts and alignments.
    """

    name: str
    score: Score
    total: ScoreCounts
    rate: RateWithInterval
    rows: tuple[tuple[str, ScoreCounts, RateWithInterval], ...]
    classes: tuple[tuple[str, WordCounts, RateWithInterval], ...]
    alignments: tuple[tuple[UtterancePair, WordCounts, tuple[AlignmentStep, ...]], ...]
    with_errors: int


def write_score_page(
    path: Path, reference: str, form: str, scores: Mapping[str, Score], pairs: Sequence[SystemPair]
) -> None:
    """Write the page; InputError if the file cannot be written. scores: by system name."""
    page = render_score_page(reference, form, scores, pairs)
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise InputError(f"--html {path}: cannot be written: {error.strerror}") from error


def render_score_page(reference: str, form: str, scores: Mapping[str, Score], pairs: Sequence[SystemPair]) -> str:
    """The page as text."""
    templates = environment()
    templates.filters |= {"percent": _percent, "ends": _ends, "p": p_text}
    systems = [_system(name, score) for name, score in scores.items()]
    return templates.get_template("score.html").render(
        reference=reference, form=form, systems=systems, pairs=pairs, most=MOST_ALIGNMENTS
    )


def _system(name: str, score: Score) -> _System:
    rates, total = rates_with_intervals(score), score.total
    return _System(
        name,
        score,
        total,
        rates.total,
        rows=(
            *((one, counts, rates.speakers[one]) for one, counts in score.speakers.items()),
            ("all", total, rates.total),
        ),
        classes=tuple((kind, sum(each, WordCounts()), rates.classes[kind]) for kind, each in score.classes.items()),
        alignments=tuple(
            (score.pairs[place], score.utterances[place].words, steps) for place, steps in worst(score, MOST_ALIGNMENTS)
        ),
        with_errors=sum(counts.words.errors > 0 for counts in score.utterances),
    )


def _percent(share: float | None, sign: str = "") -> str:
    return NONE if share is None else f"{100 * share:{sign}.2f} %"


def _ends(interval: object, sign: str = "") -> str:
    low, high = getattr(interval, "low", None), getattr(interval, "high", None)
    return "" if low is None or high is None else f"[{100 * low:{sign}.2f}, {100 * high:{sign}.2f}]"
