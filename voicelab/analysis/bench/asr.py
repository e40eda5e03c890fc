"""Measure the speed of recognizers, each in a separate process, on the same clips."""

import multiprocessing
import resource
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from time import perf_counter, process_time
from typing import Any

from voicelab.asr.base import BatchRecognizer
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import SampleSet
from voicelab.engines.spec import EngineConfig
from voicelab.errors import EngineError


@dataclass(frozen=True, slots=True)
class Speed:
    """Speed of a recognizer.

    load_s: loading time in seconds. single_rtf, batched_rtf: real-time factors, clip by clip and in one batch; the best
    round, which other processes affect least. batched_rtf: None if the engine has no batches. peak_mib: peak memory of
    its process. loop_rtf: real-time factor of a plain loop over funasr's AutoModel.generate, if requested. core_s:
    processor seconds per second of audio, clip by clip, over all threads. together_rtf: real-time factor of each of
    several concurrent streams in one process; None if the engine takes one call at a time.
    """

    engine: str
    device: str
    load_s: float
    single_rtf: float
    batched_rtf: float | None
    peak_mib: float
    loop_rtf: float | None = None
    core_s: float = 0.0
    together_rtf: float | None = None


def clips_of(samples: SampleSet, *, limit: int, longest_s: float | None = None) -> list[Clip]:
    """The first recordings with speech of a set at SPEECH_RATE_HZ, each cut to at most longest_s seconds."""
    clips = [sample.clip().at_rate(SPEECH_RATE_HZ) for sample in samples.spoken[:limit]]
    return [clip if longest_s is None else clip.between(0, longest_s) for clip in clips]


def measure(engine: str, clips: Sequence[Clip], *, rounds: int, streams: int = 2, against_loop: bool = False) -> Speed:
    """Load an engine in a new process and time it; EngineError if it is not available or dies.

    streams: number of concurrent streams for together_rtf. against_loop: for sensevoice, also time AutoModel.generate
    on the same model and clips, interleaved with our rounds.
    """
    config = RECOGNIZERS.config(engine)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        try:
            return pool.submit(_measure_here, engine, config, list(clips), rounds, streams, against_loop).result()
        except BrokenProcessPool as error:
            raise EngineError(config.name, "the process ended during the benchmark") from error


def _measure_here(
    engine: str, config: EngineConfig, clips: list[Clip], rounds: int, streams: int, against_loop: bool
) -> Speed:
    start = perf_counter()
    recognizer = config.build()
    info = config.load(recognizer)
    load_s = perf_counter() - start
    procedures: dict[str, Callable[[], object]] = {"single": lambda: _one_by_one(recognizer, clips)}
    if isinstance(recognizer, BatchRecognizer):
        procedures["batched"] = lambda: recognizer.transcribe(clips)
    if config.entry.shared:
        procedures["together"] = lambda: _side_by_side(recognizer, clips, streams)
    for procedure in procedures.values():
        procedure()  # warm up: the first call fills caches
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    if against_loop:
        loop = _automodel_loop(recognizer.folder, info.device, clips)
        loop()
        procedures["loop"] = loop
    taken: dict[str, list[float]] = {name: [] for name in procedures}
    worked: dict[str, list[float]] = {name: [] for name in procedures}
    for _ in range(rounds):
        for name, procedure in procedures.items():
            start, worked_s = perf_counter(), process_time()
            procedure()
            taken[name].append(perf_counter() - start)
            worked[name].append(process_time() - worked_s)
    sound_s = sum(clip.duration_s for clip in clips)
    rtf = {name: min(each) / sound_s for name, each in taken.items()}
    core_s = min(worked["single"]) / sound_s
    return Speed(
        engine, info.device, load_s, rtf["single"], rtf.get("batched"), peak_mib, rtf.get("loop"), core_s,
        rtf.get("together"),
    )  # fmt: skip


def _one_by_one(recognizer: Any, clips: Sequence[Clip]) -> None:
    for clip in clips:
        stream = recognizer.stream()
        stream.feed(clip)
        stream.finish()
        stream.close()


def _side_by_side(recognizer: Any, clips: Sequence[Clip], streams: int) -> None:
    """Process all clips in each of several concurrent threads."""
    with ThreadPoolExecutor(streams) as pool:
        for done in [pool.submit(_one_by_one, recognizer, clips) for _ in range(streams)]:
            done.result()


def _automodel_loop(folder: Any, device: str, clips: Sequence[Clip]) -> Callable[[], None]:
    import torch
    from funasr import AutoModel

    model = AutoModel(
        model=str(folder), device=device, ncpu=torch.get_num_threads(), disable_update=True, disable_pbar=True,
        log_level="ERROR",
    )  # fmt: skip
    arrays = [clip.samples.copy() for clip in clips]

    def loop() -> None:
        for samples in arrays:
            model.generate(input=samples, language="auto", use_itn=True)

    return loop
