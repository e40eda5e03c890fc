"""Effect of a new version of a set on a run's figures: the same transcripts scored against old and new labels."""

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.datasets import SampleSet
from voicelab.errors import InputError
from voicelab.figures.scored_turn import TurnScore
from voicelab.figures.table import FIGURES
from voicelab.runs import provenance
from voicelab.runs.records import RunResult, TurnResult
from voicelab.scoring.measuring import measure
from voicelab.scoring.scenarios import scenario_outcomes
from voicelab.scoring.schema import Measured
from voicelab.scoring.summary import scores_of

_DECIDED = ("words", "entities", "intents", "scenarios")
"""The groups of figures that depend on labels."""


@dataclass(frozen=True, slots=True)
class Change:
    """One figure under both versions."""

    figure: str
    before: Measured
    after: Measured


def effect(run: RunResult, turns: Sequence[TurnResult], old: SampleSet, new: SampleSet) -> list[Change]:
    """Return every figure that depends on labels, before and after.

    No turn is repeated, so transcripts and latencies do not change. Raises InputError if the run used another set.
    """
    heard = part_heard(run, old)
    before = scores_of(run, turns)
    after = scores_of(run, relabelled(turns, new))
    sides = [_figures(run, before, heard), _figures(run, after, new)]
    return [Change(name, sides[0][name], sides[1][name]) for name in sides[0]]


def part_heard(run: RunResult, old: SampleSet) -> SampleSet:
    """The part of a set that a run used; InputError if the run used another set."""
    heard = old.only(categories=run.spec.categories, limit=run.spec.limit)
    if provenance.samples_sha256(heard) != run.samples_sha256:
        raise InputError(f"run {run.run_id} did not use the set at {old.path}; give a run on that version")
    return heard


def relabelled(turns: Sequence[TurnResult], new: SampleSet) -> list[TurnResult]:
    """The turns with the new version's labels, without removed samples and scenarios."""
    samples = {sample.id: sample for sample in new.samples}
    scenarios = {scenario.id for scenario in new.scenarios}
    kept = []
    for turn in turns:
        sample = samples.get(turn.sample_id)
        lost = turn.scenario_id is not None and turn.scenario_id not in scenarios and not turn.primary
        if sample is None or lost:
            continue
        labels = {
            "text": sample.text,
            "expected_entities": sample.expected_entities,
            "expected_intent": sample.expected_intent,
        }
        kept.append(turn.model_copy(update=labels))
    return kept


def _figures(run: RunResult, scores: Sequence[TurnScore], samples: SampleSet) -> dict[str, Measured]:
    planned = {score.turn.scenario_id for score in scores}
    outcomes = scenario_outcomes(
        [score.turn for score in scores], [scenario for scenario in samples.scenarios if scenario.id in planned]
    )
    primary = [score for score in scores if score.turn.primary]
    decided = [figure for figure in FIGURES.values() if figure.group in _DECIDED]
    return {figure.title: measure(figure, primary, outcomes) for figure in decided}
