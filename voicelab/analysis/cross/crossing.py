"""Measure every pair of voice and recognizer on the texts of a set, and write the result to a folder.

The folder holds heard.jsonl (one line per pair and text, written as it is finished), cross.json and heatmap.png.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Literal

from voicelab.analysis.cross.hearing import CrossedSentence, hear_all, loaded
from voicelab.analysis.cross.interaction import crossed_pairs, whole_sentences
from voicelab.analysis.cross.plot import heat_map
from voicelab.analysis.cross.record import CrossResult
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.datasets import SampleSet
from voicelab.engines.pool.run_sync import run_blocking
from voicelab.engines.spec import EngineInfo
from voicelab.errors import InputError, VoicelabError
from voicelab.pipeline.transcribe import Progress
from voicelab.report import plots
from voicelab.runs import provenance, storage
from voicelab.runs.record_file import write_record
from voicelab.runs.records import now
from voicelab.scoring.schema import NormalizerUsed
from voicelab.text import Normalizer
from voicelab.tts.catalog import VOICES

HEARD, RESULT, PICTURE = "heard.jsonl", "cross.json", "heatmap.png"


def cross(
    samples: SampleSet,
    voices: Sequence[str],
    recognizers: Sequence[str],
    folder: Path,
    rules: Normalizer,
    *,
    progress: Progress | None = None,
) -> CrossResult:
    """Synthesize the texts of the set with every voice, transcribe them with every recognizer, and write the result.

    Ctrl-C ends early: the result then covers the texts that all pairs have finished. Raises InputError for fewer than
    two voices or recognizers, a duplicate, or a folder that already has a result; KeyboardInterrupt before the engines
    are loaded; VoicelabError if no text was finished in all pairs.
    """
    _check(voices, recognizers, folder)
    texts = list(dict.fromkeys(sample.text for sample in samples.samples if sample.text.strip()))
    if not texts:
        raise InputError(f"{samples.path}: no sample has a text to say")
    work = _Work(texts, (voices, recognizers), folder, rules, progress)
    started_at = now()
    status: Literal["finished", "stopped"] = "finished"
    try:
        run_blocking(work.run())
    except KeyboardInterrupt:
        if not work.recognizers:
            raise
        status = "stopped"
    pairs = len(voices) * len(recognizers)
    whole = whole_sentences(work.heard, pairs)
    if not whole:
        raise VoicelabError(f"stopped before any text was finished in all {pairs} pairs; transcripts so far: {folder}")
    result = CrossResult(
        samples=str(samples.path),
        status=status,
        sentences=len(whole),
        planned=len(texts),
        voices=work.voices,
        recognizers=work.recognizers,
        normalizer=NormalizerUsed(name=rules.name, version=rules.version, word_map=rules.word_map),
        pairs=tuple(crossed_pairs(work.heard, voices, recognizers)),
        code=provenance.code_state(),
        packages=provenance.packages(),
        machine=provenance.machine(),
        started_at=started_at,
        finished_at=now(),
    )
    write_record(folder / RESULT, result)
    if (picture := plots.png(heat_map(result))) is not None:
        storage.write_whole(folder / PICTURE, picture)
    return result


@dataclass
class _Work:
    """The measurement and its results so far. voices, recognizers: the loaded engines; empty until all are loaded."""

    texts: Sequence[str]
    names: tuple[Sequence[str], Sequence[str]]
    folder: Path
    rules: Normalizer
    progress: Progress | None
    heard: list[CrossedSentence] = field(default_factory=list)
    voices: dict[str, EngineInfo] = field(default_factory=dict)
    recognizers: dict[str, EngineInfo] = field(default_factory=dict)

    async def run(self) -> None:
        async with loaded(*self.names) as (voices, recognizers):
            storage.make_folder(self.folder)
            self.voices = {name: pool.info for name, pool in voices.items()}
            self.recognizers = {name: pool.info for name, pool in recognizers.items()}
            await hear_all(self.texts, voices, recognizers, self.rules, self._keep)

    def _keep(self, one: CrossedSentence) -> None:
        self.heard.append(one)
        storage.append_whole(self.folder / HEARD, f"{json.dumps(asdict(one), ensure_ascii=False)}\n".encode())
        if self.progress is not None:
            self.progress(len(self.heard), len(self.texts) * len(self.voices) * len(self.recognizers))


def _check(voices: Sequence[str], recognizers: Sequence[str], folder: Path) -> None:
    for option, names, catalog in (("--tts", voices, VOICES), ("--asr", recognizers, RECOGNIZERS)):
        if len(set(names)) < len(names):
            raise InputError(f"{option}: an engine is named twice; name each once")
        if len(names) < 2:
            raise InputError(f"{option}: an interaction needs at least two; give NAME,NAME or the option again")
        for name in names:
            catalog.config(name)
    for name in (HEARD, RESULT):
        with suppress(OSError):
            if (folder / name).exists():
                raise InputError(f"{folder}: already has a result; choose another --out")
