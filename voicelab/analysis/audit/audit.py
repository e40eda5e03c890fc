"""Rank the samples of a set, or of runs, by the evidence against their references."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicelab.analysis.audit.acoustic import Misfit, Question, misfits
from voicelab.analysis.audit.agreement import Agreement, agreement
from voicelab.analysis.compare.systems import read_finished
from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.datasets import SampleSet
from voicelab.engines.spec import package_revision
from voicelab.errors import InputError
from voicelab.pipeline.transcribe import Progress, hear
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.scoring import inputs
from voicelab.text import Normalizer, WordMap, mapped_normalizer

Method = Literal["agreement", "alignment"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """A sample and the evidence against its reference; a higher score is stronger evidence.

    heard: transcript by system name. because: the components of the score.
    """

    sample_id: str
    reference: str
    heard: Mapping[str, str]
    score: float
    because: Agreement | Misfit


@dataclass(frozen=True, slots=True)
class Audit:
    """The result of an audit.

    suspects: every scored sample, the most suspect first. not_judged: the other samples, with the reason.
    systems: the recognizer of each system name, as loaded. aligner: the engine of the forced alignment.
    """

    method: Method
    suspects: tuple[Suspect, ...]
    not_judged: tuple[tuple[str, str], ...]
    systems: Mapping[str, str]
    normalizer: Normalizer | None
    aligner: str | None
    samples: SampleSet | None


def audit_runs(
    folders: Sequence[Path],
    *,
    rules: str = "english",
    word_map: WordMap | None = None,
    progress: Progress | None = None,
) -> Audit:
    """Audit runs on the same samples: several runs by agreement, a single run by forced alignment.

    rules: the normalizer for several runs. word_map: applied before the normalizer.
    Raises InputError if runs are unfinished or have different samples, or if a single run's set no longer exists.
    """
    runs = [
        (read_finished(folder), {turn.sample_id: turn for turn in folder.turns() if turn.primary})
        for folder in map(RunFolder, folders)
    ]
    if not runs:
        raise InputError("name a run, or a set with --samples")
    if len({run.run_id for run, _ in runs}) < len(runs):
        raise InputError("a run was named twice; name each once")
    first, turns = runs[0]
    for other, theirs in runs[1:]:
        if other.samples_sha256 != first.samples_sha256 or set(theirs) != set(turns):
            raise InputError(f"{first.run_id} and {other.run_id} have different samples; evaluate both on one set")
    samples = inputs.sample_set(first)
    if len(runs) > 1:
        return _by_agreement(runs, samples, mapped_normalizer(rules, word_map))
    if samples is None:
        raise InputError(
            f"{folders[0]}: its samples are no longer at {first.spec.samples}, or have changed, and one run alone is "
            "audited by their audio; name two or more runs"
        )
    heard = {key: turn.heard for key, turn in turns.items() if turn.heard is not None}
    return _by_alignment(samples, heard, first.run_id, first.recognizer, progress)


def audit_samples(samples: SampleSet, asr: str | None = None, *, progress: Progress | None = None) -> Audit:
    """Audit a set without a run: transcribe it with a recognizer (None: the default) and align.

    Damaged recordings are not evaluated.
    """
    decoded = {sample.id: sample.decoded() for sample in samples.samples}
    intact = {key: one.clip for key, one in decoded.items() if not one.is_damaged}
    damaged = {
        key: f"its recording is damaged: {one.undecoded_s:.2f} s cannot be decoded"
        for key, one in decoded.items()
        if one.is_damaged
    }
    whole = 2 * len(intact)
    listening = None if progress is None else lambda done, _: progress(done, whole)
    aligning = None if progress is None else lambda done, total: progress(whole - total + done, whole)
    info, texts = hear(asr or DEFAULT_RECOGNIZER, list(intact.values()), listening)
    heard = dict(zip(intact, texts, strict=True))
    return _by_alignment(samples, heard, info.name, info.shown(), aligning, damaged)


def _by_agreement(
    runs: Sequence[tuple[RunResult, dict[str, TurnResult]]], samples: SampleSet | None, rules: Normalizer
) -> Audit:
    suspects, not_judged = [], []
    for key, turn in runs[0][1].items():
        heard = {run.run_id: text for run, turns in runs if (text := turns[key].heard) is not None}
        if len(heard) < 2:
            not_judged.append((key, "fewer than two systems have a transcript: the others failed"))
            continue
        found = agreement(turn.text, list(heard.values()), rules)
        suspects.append(Suspect(key, turn.text, heard, found.score, found))
    systems = {run.run_id: run.recognizer for run, _ in runs}
    return Audit("agreement", _ranked(suspects), tuple(not_judged), systems, rules, None, samples)


def _by_alignment(
    samples: SampleSet,
    heard: Mapping[str, str],
    name: str,
    system: str,
    progress: Progress | None,
    reasons: Mapping[str, str] | None = None,
) -> Audit:
    """reasons: why a sample has no transcript; for other samples, the turn failed."""
    evaluated = [sample for sample in samples.samples if sample.id in heard]
    missing = [sample.id for sample in samples.samples if sample.id not in heard]
    not_judged = [(key, (reasons or {}).get(key, "its turn failed")) for key in missing]
    answers = misfits(
        [Question(sample.clip().at_rate(SPEECH_RATE_HZ), sample.text, heard[sample.id]) for sample in evaluated],
        progress=None if progress is None else lambda done: progress(done, len(evaluated)),
    )
    suspects = []
    for sample, answer in zip(evaluated, answers, strict=True):
        if answer.gap_nats is None:
            not_judged.append((sample.id, answer.problem))
        else:
            suspects.append(Suspect(sample.id, sample.text, {name: heard[sample.id]}, answer.gap_nats, answer))
    aligner = f"{package_revision('pocketsphinx')}, model en-us"
    return Audit("alignment", _ranked(suspects), tuple(not_judged), {name: system}, None, aligner, samples)


def _ranked(suspects: Iterable[Suspect]) -> tuple[Suspect, ...]:
    return tuple(sorted(suspects, key=lambda suspect: -suspect.score))
