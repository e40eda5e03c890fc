"""Compute the figures of a run from counts summed over its turns, with intervals (docs/reference/measures.md)."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from voicelab.datasets import Scenario
from voicelab.figures.latency import STAGES
from voicelab.figures.outside import table_with
from voicelab.figures.scored_turn import TurnScore
from voicelab.figures.table import FIGURES, Table
from voicelab.metrics.entities import Forms
from voicelab.pipeline.stage_times import CONSECUTIVE
from voicelab.runs.records import RunFolder, RunResult, RunSpec, TurnResult
from voicelab.scoring import counterfactual_file, inputs
from voicelab.scoring.attribution import absence, attributed, attribution
from voicelab.scoring.counterfactual_file import Counterfactual
from voicelab.scoring.groups import figures_by
from voicelab.scoring.intervals import LEVEL, Clusters
from voicelab.scoring.linker import linker_summary
from voicelab.scoring.measuring import measure_all
from voicelab.scoring.run_warnings import run_warnings, with_signals_of
from voicelab.scoring.scenarios import scenario_outcomes
from voicelab.scoring.schema import (
    ColdTurn,
    FigureLabel,
    Measured,
    NormalizerUsed,
    Resampling,
    Summary,
    TurnCounts,
    Waterfall,
)
from voicelab.scoring.scored_run import ScoredRun, read_scored
from voicelab.scoring.streaming import wer_over_time
from voicelab.scoring.turns import score_turns
from voicelab.text import headline_of

PATH = (*CONSECUTIVE, "overhead_s")
"""The consecutive stages of a turn, and the rest of its time."""


def summarize(folder: Path | str | RunFolder, figures: Iterable[Any] = ()) -> Summary:
    """Return the figures of a run on disk, with its attribution if replay.json exists.

    figures: additional figures (`figures.outside.table_with`). Raises InputError if the folder has no run.
    """
    found = read_scored(folder if isinstance(folder, RunFolder) else RunFolder(Path(folder)))
    return summarize_scored(found, table_with(figures))


def summarize_scored(found: ScoredRun, table: Table) -> Summary:
    """Return the figures of a scored run."""
    scenarios = found.samples.scenarios if found.samples is not None else ()
    replay = counterfactual_file.read(found.folder.path)
    return summarize_scores(found.run, found.scores, scenarios, found.forms, replay, table)


def scores_of(run: RunResult, turns: Sequence[TurnResult], forms: Forms | None = None) -> list[TurnScore]:
    """Score each turn with the run's normalizer. The last turn with a key counts."""
    taken = list({turn.key: turn for turn in turns}.values())
    names = forms if forms is not None else inputs.company_forms(run)
    return with_signals_of(run, score_turns(taken, run.spec.rules, names))


def summarize_scores(
    run: RunResult,
    scores: Sequence[TurnScore],
    scenarios: Sequence[Scenario],
    forms: Forms,
    replay: Counterfactual | None = None,
    table: Table = FIGURES,
) -> Summary:
    """Return the figures of scored turns."""
    found = attributed([score for score in scores if score.turn.primary], replay, forms)
    primary = found.scores
    turns = [score.turn for score in primary]
    outcomes = scenario_outcomes([score.turn for score in scores], scenarios)
    rule = run.spec.rules
    condition = run.spec.condition.label if run.spec.condition is not None else None
    return Summary(
        run_id=run.run_id,
        status=run.status,
        mode=run.spec.mode,
        target=run.spec.target,
        condition=condition,
        normalizer=NormalizerUsed(name=rule.name, version=rule.version, word_map=rule.word_map),
        language=run.spec.language,
        headline=headline_of(rule),
        warnings=run_warnings(run, turns),
        resampling=_resampling(turns, run.spec),
        turns=_turn_counts(run, scores),
        figures=_with_reasons(measure_all(table.values(), primary, outcomes), table, replay),
        by=figures_by(table, primary, outcomes, condition),
        labels={
            name: FigureLabel.model_validate(figure, from_attributes=True)
            for name, figure in table.items()
            if name not in FIGURES
        },
        confusion=_confusion(primary),
        cold=_cold(turns),
        median_turn=_median_turn([score.turn for score in primary if score.timed]),
        scenarios=outcomes,
        linker=linker_summary(run, primary),
        wer_over_time=wer_over_time(primary),
        attribution=attribution(found, replay),
    )


def _with_reasons(measured: dict[str, Measured], table: Table, replay: Counterfactual | None) -> dict[str, Measured]:
    """Set the reason of figures whose counterfactual turns are missing."""
    reason = absence(replay)
    return {
        name: one.model_copy(update={"missing": reason})
        if reason is not None and not one.n and table[name].group in ("actions", "losses")
        else one
        for name, one in measured.items()
    }


def _resampling(turns: Sequence[TurnResult], spec: RunSpec) -> Resampling:
    clusters = Clusters.of(turns)
    return Resampling(
        level=LEVEL,
        unit=clusters.unit,
        clusters=clusters.count,
        seed=spec.seed,
        draws=spec.draws,
        note=clusters.general_note() if turns else None,
    )


def _confusion(scores: Sequence[TurnScore]) -> dict[str, dict[str, int]]:
    """Expected intent -> recognized intent -> number of turns, sorted by name."""
    pairs = ((score.turn.expected_intent, score.intent) for score in scores)
    tally = Counter((expected, got) for expected, got in pairs if expected is not None and got is not None)
    recognized = sorted({got for _, got in tally})
    return {row: {column: tally[row, column] for column in recognized} for row in sorted({one for one, _ in tally})}


def _cold(turns: Sequence[TurnResult]) -> tuple[ColdTurn, ...]:
    return tuple(
        ColdTurn(key=turn.key, stages={name: getattr(turn, name) for name in STAGES})
        for turn in turns
        if turn.cold and turn.status == "answered"
    )


def _turn_counts(run: RunResult, scores: Sequence[TurnScore]) -> TurnCounts:
    turns = [score.turn for score in scores]
    answered = Counter(turn.primary for turn in turns if turn.status == "answered")
    silent = Counter(turn.primary for turn in turns if turn.nothing_heard)
    failed = Counter(turn.primary for turn in turns if turn.broken)
    codes = Counter(turn.failure.code for turn in turns if turn.failure is not None and turn.broken)
    return TurnCounts(
        planned=run.planned_turns,
        answered=answered.total(),
        failed=failed.total(),
        nothing_heard=silent.total(),
        missing=max(0, run.planned_turns - len(turns)),
        primary=answered[True] + failed[True] + silent[True],
        primary_answered=answered[True],
        primary_failed=failed[True],
        cold=sum(turn.cold for turn in turns),
        failures=dict(sorted(codes.items())),
    )


def _median_turn(turns: Iterable[TurnResult]) -> Waterfall | None:
    """The turn with the median turn_s (the lower of two) among those with all stage times."""
    whole = [turn for turn in turns if turn.turn_s is not None and turn.overhead_s is not None]
    if not whole:
        return None
    middle = sorted(whole, key=lambda turn: turn.turn_s or 0.0)[(len(whole) - 1) // 2]
    return Waterfall(
        key=middle.key, turn_s=middle.turn_s or 0.0, parts={name: getattr(middle, name) or 0.0 for name in PATH}
    )
