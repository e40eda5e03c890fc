"""A run with its scores, from which single figures can be measured."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from voicelab.datasets import SampleSet
from voicelab.figures.figure import AnyFigure, Figure
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import Forms
from voicelab.runs.records import RunFolder, RunResult
from voicelab.scoring import inputs
from voicelab.scoring.intervals import FigureIntervals
from voicelab.scoring.measuring import measure
from voicelab.scoring.missing_signals import with_signals_of
from voicelab.scoring.scenarios import scenario_outcomes
from voicelab.scoring.schema import Measured, ScenarioOutcome
from voicelab.scoring.score_store import computed_scores, stored_scores
from voicelab.text import Normalizer


@dataclass(frozen=True)
class ScoredRun:
    """A run and the score of each of its turns.

    forms: the companies' names that they were scored with. whole: the run's set, if it is loaded already.
    """

    folder: RunFolder
    run: RunResult
    scores: tuple[TurnScore, ...]
    forms: Forms
    whole: SampleSet | None = None

    @cached_property
    def samples(self) -> SampleSet | None:
        """The samples of the run; None when they are no longer where they were, or no longer the same."""
        return inputs.sample_set(self.run, self.whole)

    @cached_property
    def primary(self) -> tuple[TurnScore, ...]:
        """The turns that figures are made of, one for each sample."""
        return tuple(score for score in self.scores if score.turn.primary)

    def measure(self, figure: AnyFigure) -> Measured:
        """One figure of the run; the sample set is read only for a figure of scenarios."""
        sure = FigureIntervals(self.run.spec.seed, self.run.spec.draws)
        if isinstance(figure, Figure) and figure.over == "scenarios":
            return measure(figure, (), sure, self._scenarios)
        return measure(figure, self.primary, sure)

    @cached_property
    def _scenarios(self) -> tuple[ScenarioOutcome, ...]:
        known = self.samples.scenarios if self.samples is not None else ()
        return scenario_outcomes([score.turn for score in self.scores], known)


def read_scored(
    folder: RunFolder, rules: Normalizer | None = None, forms: Forms | None = None, whole: SampleSet | None = None
) -> ScoredRun:
    """A run's scores, from its store where that is up to date, else computed and stored.

    rules: score by this normalizer instead of the run's own. forms: the companies' names, by default those that the
    run's agent knew. whole: the run's set, if it is loaded already. Raises InputError where the run cannot be read.
    """
    run = folder.read()
    names = forms if forms is not None else inputs.company_forms(run)
    if rules is None:
        rules = run.spec.rules
    own = (rules.label, rules.word_map) == (run.spec.rules.label, run.spec.rules.word_map)
    scores = stored_scores(folder, run.spec.rules, names) if own else computed_scores(folder, rules, names)
    return ScoredRun(folder, run, tuple(with_signals_of(run, scores)), names, whole)
