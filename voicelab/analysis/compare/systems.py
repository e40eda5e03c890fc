"""Read runs for a comparison, score them under one normalizer, and refuse runs that measured different things."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from voicelab.errors import InputError
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.sclite import align_sclite
from voicelab.metrics.words import AlignmentStep, WordCounts, align_words, counts_of
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.scoring.scored_run import read_scored
from voicelab.text import Normalizer, WordMap, mapped_normalizer
from voicelab.text.plural import counted

Aligner = Callable[[Sequence[str], Sequence[str]], tuple[AlignmentStep, ...]]
ALIGNERS: dict[str, Aligner] = {"minimal": align_words, "sclite": align_sclite}


@dataclass(frozen=True)
class System:
    """A run: the scores of its primary turns by sample, and the word alignments of the scored ones."""

    run: RunResult
    scores: dict[str, TurnScore]
    steps: dict[str, tuple[AlignmentStep, ...]]

    @property
    def name(self) -> str:
        return self.run.run_id

    @cached_property
    def turns(self) -> dict[str, TurnResult]:
        return {key: score.turn for key, score in self.scores.items()}

    @cached_property
    def counts(self) -> dict[str, WordCounts]:
        """The word counts of the alignments: those of the score, if it has the same alignment."""
        scored = ((key, steps, self.scores[key]) for key, steps in self.steps.items())
        return {
            key: score.words if score.words is not None and score.steps is steps else counts_of(steps)
            for key, steps, score in scored
        }

    def words_heard(self, sample: str) -> tuple[str, ...] | None:
        """The normalized words of a sample's transcript; None if the turn failed before recognition."""
        steps = self.steps.get(sample)
        return None if steps is None else tuple(step.hypothesis for step in steps if step.hypothesis is not None)


def read_all(
    folders: Sequence[Path], rules: str | None, weights: str, word_map: WordMap | None = None
) -> tuple[tuple[System, ...], Normalizer]:
    """Read runs for a comparison; raise InputError with the reason if they cannot be compared.

    rules: the normalizer for all runs; None: the one that all runs used. word_map: applied before the normalizer,
    instead of the runs' own.
    """
    if len(folders) < 2:
        raise InputError("name two or more runs; a run is a folder written by voicelab evaluate")
    if len({folder.resolve() for folder in folders}) < len(folders):
        raise InputError("a run was named twice; name each once")
    if weights not in ALIGNERS:
        raise InputError(f"unknown weights '{weights}'; known: {', '.join(ALIGNERS)}")
    runs = [read_finished(RunFolder(folder)) for folder in folders]
    chosen = mapped_normalizer(rules, word_map) if rules is not None else _common_rules(runs, word_map)
    systems = tuple(
        _scored(RunFolder(folder), run, chosen, ALIGNERS[weights]) for folder, run in zip(folders, runs, strict=True)
    )
    if len({one.name for one in systems}) < len(systems):
        raise InputError("two of the runs have the same name; rename one with --run-id")
    for other in systems[1:]:
        _refuse_unlike(systems[0], other)
    return systems, chosen


def read_finished(folder: RunFolder) -> RunResult:
    """Read a run's record; InputError if the run is not finished."""
    run = folder.read()
    if run.status != "finished":
        raise InputError(
            f"{folder.path}: this run is {run.status}, not finished; continue it: voicelab evaluate --resume"
        )
    return run


def _common_rules(runs: Sequence[RunResult], word_map: WordMap | None) -> Normalizer:
    """Return the normalizer of all runs. word_map: applied before it instead of the runs' own."""
    first, rules = runs[0], runs[0].spec.rules
    for run in runs[1:]:
        if run.spec.rules.name != rules.name:
            raise InputError(
                f"{first.run_id} was scored under {rules.name}, {run.run_id} under {run.spec.rules.name}; "
                "choose one for all: --normalizer"
            )
    if word_map is not None:
        return mapped_normalizer(rules.name, word_map)
    for run in runs[1:]:
        if run.spec.rules.word_map != rules.word_map:
            raise InputError(
                f"{first.run_id} and {run.run_id} were scored with different word maps; choose one for all with "
                "--word-map, or none with --normalizer"
            )
    return rules


def _scored(folder: RunFolder, run: RunResult, rules: Normalizer, aligner: Aligner) -> System:
    primary = {score.turn.sample_id: score for score in read_scored(folder, rules).primary}
    if aligner is align_words:
        return System(run, primary, {key: score.steps for key, score in primary.items() if score.steps is not None})
    steps = {
        key: aligner(rules.words(score.turn.text), rules.words(score.turn.heard))
        for key, score in primary.items()
        if score.turn.heard is not None
    }
    return System(run, primary, steps)


def _refuse_unlike(first: System, other: System) -> None:
    names = f"{first.name} and {other.name}"
    if alone := set(first.scores) ^ set(other.scores):
        raise InputError(
            f"{names} have different samples: {len(alone)} are in only one of them, such as {min(alone)};"
            " evaluate both on one set"
        )
    changed = [key for key, score in first.scores.items() if score.turn.text != other.scores[key].turn.text]
    if changed:
        key = changed[0]
        raise InputError(
            f"{names} have different references for {counted(len(changed), 'sample')}, such as {key}: "
            f"'{first.scores[key].turn.text}' and '{other.scores[key].turn.text}';"
            " evaluate both on one version of the set"
        )
    if other.run.samples_sha256 != first.run.samples_sha256:
        raise InputError(
            f"{names} have different samples: names and references are equal, but the recordings or what is"
            " expected of them are not; evaluate both on one version of the set"
        )
