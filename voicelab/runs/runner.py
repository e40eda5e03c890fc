"""Execute a RunSpec: send every sample and scenario to a target, one turn after another.

A killed run, or one whose target or disk failed, can be resumed.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from secrets import token_hex

from voicelab.datasets import SampleSet, load
from voicelab.engines.outside import split
from voicelab.engines.pool.run_sync import run_blocking
from voicelab.errors import InputError, RunInterruptedError, StorageError, VoicelabError
from voicelab.runs import lock
from voicelab.runs.begun_run import BegunRun, begin, is_finished, take_up
from voicelab.runs.checking import checked_again
from voicelab.runs.execution import Progress, RunExecution, Tally
from voicelab.runs.language import settled
from voicelab.runs.names import check_name
from voicelab.runs.records import RunFolder, RunResult, RunSpec, now
from voicelab.runs.sent_audio import SetRecordings
from voicelab.runs.target_opening import config_of, open_target
from voicelab.targets.background import short_pauses
from voicelab.targets.base import Target
from voicelab.targets.catalog import describe_object


def evaluate(
    spec: RunSpec,
    out: Path,
    *,
    run_id: str | None = None,
    progress: Progress | None = None,
    target: Target | None = None,
    samples: SampleSet | None = None,
) -> tuple[RunFolder, RunResult]:
    """Execute a new run in a folder below `out`, named by the run's id.

    target: an object to measure instead of spec.target. samples: the spec's set, if already loaded.

    Raises InputError or EngineError if the run cannot start. After the start, failed turns are part of the result;
    RunInterruptedError or StorageError means that the target or the disk failed, and says how to continue.
    """
    if target is not None:
        without = {"asr": None, "agent": None, "tts": None}
        spec = spec.model_copy(update={"target": describe_object(target), **without})
    spec = checked_again(spec)
    name = new_run_id(spec) if run_id is None else run_id
    check_name("--run-id", name)
    begun = begin(RunFolder(out / name), spec, _samples(spec, samples), target=target)
    with how_to_go_on("evaluate", begun.folder.path), lock.held(begun.folder.path):
        return begun.folder, run_blocking(_all([begun], progress, target))[0]


def resume(
    path: Path, *, progress: Progress | None = None, target: Target | None = None
) -> tuple[RunFolder, RunResult]:
    """Resume a run: execute the turns that are missing or lost their connection.

    A complete run stays unchanged. Raises InputError if the samples have changed, and the errors of `evaluate`.
    """
    folder = RunFolder(path)
    folder.read()
    with how_to_go_on("evaluate", folder.path), lock.held(folder.path):
        run = folder.read()
        if not is_finished(folder, run):
            run = run_blocking(_all([take_up(folder, run, _samples(run.spec))], progress, target))[0]
    return folder, run


@contextmanager
def how_to_go_on(command: str, folder: Path) -> Iterator[None]:
    """Add the command that continues a run, or a sweep, to the error that stopped it."""
    try:
        yield
    except (RunInterruptedError, StorageError) as error:
        if not (folder / ("run.json" if command == "evaluate" else f"{command}.json")).exists():
            raise
        message = f"{error}; completed turns are saved; continue with: voicelab {command} --resume {folder}"
        raise type(error)(message) from error


def evaluate_conditions(
    specs: Sequence[tuple[RunFolder, RunSpec]], *, progress: Progress | None = None
) -> list[RunResult]:
    """Execute runs that differ only in their conditions, one after another, with the same loaded engines.

    A folder that already contains a run is resumed. progress counts the turns of all runs. Raises InputError if a
    folder contains a run with a different spec.
    """
    first = specs[0][1]
    if any(spec.model_copy(update={"condition": first.condition}) != first for _, spec in specs):
        raise ValueError("these runs differ in more than their conditions")
    samples = _samples(first)
    recordings = SetRecordings(samples.whole)
    begun = []
    with ExitStack() as locks:
        for folder, spec in specs:
            if folder.is_free():
                begun.append(begin(folder, spec, samples, recordings))
                continue
            locks.enter_context(lock.held(folder.path))
            run = folder.read()
            if run.spec != settled(spec, samples):
                raise InputError(f"{folder.path}: contains a run of another spec; choose another --out or --sweep-id")
            begun.append(take_up(folder, run, samples, recordings))
        for one in begun:
            if one.fresh:
                locks.enter_context(lock.held(one.folder.path))
        return run_blocking(_all(begun, progress))


async def _all(begun: Sequence[BegunRun], progress: Progress | None, given: Target | None = None) -> list[RunResult]:
    """Execute all runs with one target; complete runs are not touched."""
    tally = Tally(begun, progress)
    open_ones = [one for one in begun if one.run.status != "finished"]
    if not open_ones:
        tally.tell(None)
        return [one.run for one in begun]
    finished: dict[str, RunResult] = {}
    current = open_ones[0]
    run = current.start()
    reached = False
    try:
        async with open_target(run.spec, folder=current.folder.path, target=given) as target:
            reached = True
            with short_pauses() if run.spec.mode == "realtime" else nullcontext():
                for number, one in enumerate(open_ones):
                    if number:
                        current, run = one, one.start()
                    finished[run.run_id] = await RunExecution(one, tally, cold=number == 0).run(run, target)
    except VoicelabError as error:
        # A resumed run that could not start stays unchanged.
        if run.run_id not in finished and (reached or current.fresh):
            _stopped(current.folder, error)
        raise
    return [finished.get(one.run.run_id, one.run) for one in begun]


def _stopped(folder: RunFolder, error: VoicelabError) -> None:
    """Record in run.json why the run stopped; fails silently on a full disk."""
    status = "interrupted" if isinstance(error, RunInterruptedError | StorageError) else "failed"
    with suppress(StorageError):
        folder.write(folder.read().model_copy(update={"status": status, "failure": str(error), "finished_at": now()}))


def new_run_id(spec: RunSpec) -> str:
    """Return a new id that sorts by time, such as 20260131-120102-moonshine-burst-babble-10dB-3f9a1c.

    The last digits are random, so that runs that start in the same second have different folders.
    """
    config = config_of(spec)
    outside = config is None or config.entry.engines == "none"
    engine = (config.name if config else "object") if outside else _short(spec.asr or "server")
    parts = [f"{now():%Y%m%d-%H%M%S}", _plain(engine), spec.mode]
    if spec.condition is not None:
        parts.append(_plain(spec.condition.name))
    return "-".join([*parts, token_hex(3)])


def _plain(text: str) -> str:
    """Make a text valid as part of a folder name."""
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-")[:60]


def _short(asr: str) -> str:
    """A recognizer's name without options; for a class or an object, the class's name."""
    name, _ = split(asr) or (asr.partition(":")[0], "")
    return name.replace(":", ".").rpartition(".")[2]


def _samples(spec: RunSpec, whole: SampleSet | None = None) -> SampleSet:
    """Return the samples of a run. whole: the set, if already loaded."""
    whole = load(spec.samples, spec.columns) if whole is None else whole
    return whole.only(categories=spec.categories, limit=spec.limit, language=spec.language)
