"""A run with its scores, from which single figures can be measured."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from weakref import WeakValueDictionary

from voicelab.datasets import SampleSet
from voicelab.figures.figure import AnyFigure, Figure
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import Forms
from voicelab.runs.records import RunFolder, RunResult
from voicelab.scoring import inputs
from voicelab.scoring.measuring import measure
from voicelab.scoring.run_warnings import with_signals_of
from voicelab.scoring.scenarios import scenario_outcomes
from voicelab.scoring.schema import Measured, ScenarioOutcome
from voicelab.scoring.score_store import computed_scores, digest, stored_scores
from voicelab.text import Normalizer


@dataclass(frozen=True)
class ScoredRun:
    """A run with the score of each turn. forms: the company names used for scoring."""

    folder: RunFolder
    run: RunResult
    scores: tuple[TurnScore, ...]
    forms: Forms
    whole: SampleSet | None = None

    @cached_property
    def samples(self) -> SampleSet | None:
        """The samples of the run; None if they were moved or have changed."""
        return inputs.sample_set(self.run, self.whole)

    @cached_property
    def primary(self) -> tuple[TurnScore, ...]:
        """The turns that figures use, one per sample."""
        return tuple(score for score in self.scores if score.turn.primary)

    def measure(self, figure: AnyFigure) -> Measured:
        """Measure a figure of the run; the sample set is read only for figures of scenarios."""
        if isinstance(figure, Figure) and figure.over == "scenarios":
            return measure(figure, (), self._scenarios)
        return measure(figure, self.primary)

    @cached_property
    def _scenarios(self) -> tuple[ScenarioOutcome, ...]:
        known = self.samples.scenarios if self.samples is not None else ()
        return scenario_outcomes([score.turn for score in self.scores], known)


def read_scored(folder: RunFolder, rules: Normalizer | None = None, whole: SampleSet | None = None) -> ScoredRun:
    """Read a run's scores from its store, or compute and store them if it is outdated.

    rules: a normalizer instead of the run's own. whole: the run's set, if already loaded. A run that is in use and has
    not changed is not read again. Raises InputError if the run cannot be read.
    """
    run = folder.read()
    names = inputs.company_forms(run)
    if rules is None:
        rules = run.spec.rules
    key = digest(folder.path, rules, names)
    known = _IN_USE.get(key)
    if known is not None and known.run == run:
        return ScoredRun(folder, run, known.scores, names, whole)
    own = (rules.label, rules.word_map) == (run.spec.rules.label, run.spec.rules.word_map)
    with _without_collection():
        scores = stored_scores(folder, rules, names, key) if own else computed_scores(folder, rules, names)
    found = _IN_USE[key] = ScoredRun(folder, run, tuple(with_signals_of(run, scores)), names, whole)
    return found


@contextmanager
def _without_collection() -> Iterator[None]:
    """Pause garbage collection. Scores are many objects that stay, and visiting them again and again takes a fifth of
    the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


_IN_USE: WeakValueDictionary[str, ScoredRun] = WeakValueDictionary()
"""By digest."""
