"""Rank the samples of a set, or of runs, by how much speaks against their references."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from voicelab.analysis.audit.acoustic import Misfit, Question, misfits
from voicelab.analysis.audit.agreement import Agreement, agreement
from voicelab.asr.catalog import DEFAULT_RECOGNIZER
from voicelab.audio.clip import SPEECH_RATE_HZ
from voicelab.datasets import Sample, SampleSet
from voicelab.engines.spec import package_revision
from voicelab.errors import InputError
from voicelab.pipeline.transcribe import Told, hear
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.scoring import inputs
from voicelab.text import Normalizer, WordMap, mapped_normalizer

Method = Literal["agreement", "alignment"]


@dataclass(frozen=True, slots=True)
class Suspect:
    """One sample and what speaks against its reference; the greater the score, the more.

    heard: by the name of each system. because: the parts that the score was made of.
    """

    sample_id: str
    reference: str
    heard: Mapping[str, str]
    score: float
    because: Agreement | Misfit


@dataclass(frozen=True, slots=True)
class Audit:
    """suspects: every sample that could be judged, the most suspect first. not_judged: the others, with the reason.

    systems: the name of each transcript's maker, and what it really was. aligner: what did the forced alignment.
    """

    method: Method
    suspects: tuple[Suspect, ...]
    not_judged: tuple[tuple[str, str], ...]
    systems: Mapping[str, str]
    normalizer: Normalizer | None
    aligner: str | None
    samples: SampleSet | None


def audit_runs(
    folders: Sequence[Path], *, rules: str = "english", word_map: WordMap | None = None, told: Told | None = None
) -> Audit:
    """Runs on the same samples: several by agreement, one by alignment of what its recognizer heard.

    rules: the normalizer of several runs' texts. word_map: applied to their texts before it.
    Raises InputError where runs are not finished or heard different samples, or where a single run's set is gone.
    """
    runs = [_read(RunFolder(folder)) for folder in folders]
    if not runs:
        raise InputError("name a run, or a set with --samples")
    if len({run.run_id for run, _ in runs}) < len(runs):
        raise InputError("a run was named twice; name each once")
    first, turns = runs[0]
    for other, theirs in runs[1:]:
        if other.samples_sha256 != first.samples_sha256 or set(theirs) != set(turns):
            raise InputError(
                f"{first.run_id} and {other.run_id} did not hear the same samples; evaluate both on one set"
            )
    samples = inputs.sample_set(first)
    if len(runs) > 1:
        return _by_agreement(runs, samples, mapped_normalizer(rules, word_map))
    if samples is None:
        raise InputError(
            f"{folders[0]}: its samples are no longer at {first.spec.samples}, or have changed, and one run alone is "
            "judged by their sound; name two runs or more"
        )
    heard = {key: turn.heard for key, turn in turns.items() if turn.heard is not None}
    return _by_alignment(samples, heard, first.run_id, _recognizer(first), told)


def audit_samples(samples: SampleSet, asr: str | None = None, *, told: Told | None = None) -> Audit:
    """A set without any run: one recognizer (None: the default) hears it here, and alignment judges."""
    whole = 2 * len(samples.samples)
    listening = None if told is None else lambda done, _: told(done, whole)
    aligning = None if told is None else lambda done, total: told(whole - total + done, whole)
    info, texts = hear(asr or DEFAULT_RECOGNIZER, [sample.clip() for sample in samples.samples], listening)
    heard = {sample.id: text for sample, text in zip(samples.samples, texts, strict=True)}
    return _by_alignment(samples, heard, info.name, f"{info.name} ({info.revision}, {info.device})", aligning)


def _read(folder: RunFolder) -> tuple[RunResult, dict[str, TurnResult]]:
    run = folder.read()
    if run.status != "finished":
        raise InputError(
            f"{folder.path}: this run is {run.status}, not finished; take it up: voicelab evaluate --resume"
        )
    return run, {turn.sample_id: turn for turn in folder.turns() if turn.primary}


def _recognizer(run: RunResult) -> str:
    used = next((engine for engine in run.engines if engine.kind == "asr"), None)
    return f"{used.name} ({used.revision}, {used.device})" if used else str(run.spec.asr)


def _by_agreement(
    runs: Sequence[tuple[RunResult, dict[str, TurnResult]]], samples: SampleSet | None, rules: Normalizer
) -> Audit:
    suspects, not_judged = [], []
    for key, turn in runs[0][1].items():
        heard = {run.run_id: text for run, turns in runs if (text := turns[key].heard) is not None}
        if len(heard) < 2:
            not_judged.append((key, "fewer than two systems heard it: the others broke"))
            continue
        found = agreement(turn.text, list(heard.values()), rules)
        suspects.append(Suspect(key, turn.text, heard, found.score, found))
    systems = {run.run_id: _recognizer(run) for run, _ in runs}
    return Audit("agreement", _ranked(suspects), tuple(not_judged), systems, rules, None, samples)


def _by_alignment(samples: SampleSet, heard: Mapping[str, str], name: str, system: str, told: Told | None) -> Audit:
    judged = [sample for sample in samples.samples if sample.id in heard]
    not_judged = [(sample.id, "its turn broke") for sample in samples.samples if sample.id not in heard]
    answers = misfits(
        [_question(sample, heard[sample.id]) for sample in judged],
        told=None if told is None else lambda done: told(done, len(judged)),
    )
    suspects = []
    for sample, answer in zip(judged, answers, strict=True):
        if answer.gap_nats is None:
            not_judged.append((sample.id, answer.problem))
        else:
            suspects.append(Suspect(sample.id, sample.text, {name: heard[sample.id]}, answer.gap_nats, answer))
    aligner = f"{package_revision('pocketsphinx')}, model en-us"
    return Audit("alignment", _ranked(suspects), tuple(not_judged), {name: system}, None, aligner, samples)


def _question(sample: Sample, heard: str) -> Question:
    return Question(sample.clip().at_rate(SPEECH_RATE_HZ), sample.text, heard)


def _ranked(suspects: Iterable[Suspect]) -> tuple[Suspect, ...]:
    return tuple(sorted(suspects, key=lambda suspect: -suspect.score))
