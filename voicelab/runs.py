"""RunSpec to RunResult: speak every sample and scenario of a set to a target, one turn after another.

One failure is one record. A run that was killed goes on where it stopped.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from voicelab import provenance, runlock
from voicelab.client import Take
from voicelab.errors import ConnectionLostError, InputError, ServerError, VoicelabError
from voicelab.results import Failure, RunFolder, RunResult, RunSpec, TurnResult, now
from voicelab.samples import Sample, SampleSet, load
from voicelab.targets import Session, Target, check_engines, open_target
from voicelab.text import normalizer

Progress = Callable[[int, int, TurnResult | None], None]
"""Called as turns end: how many are done, how many there are, and the last one (None at the start)."""


@dataclass(frozen=True, slots=True)
class _Planned:
    """One turn to take."""

    key: str
    sample: Sample
    number: int
    primary: bool


@dataclass(frozen=True, slots=True)
class _Conversation:
    """Turns to take in one session of their own."""

    id: str
    scenario_id: str | None
    turns: tuple[_Planned, ...]


def plan(samples: SampleSet) -> tuple[_Conversation, ...]:
    """What to speak: each sample in a session of its own, then each scenario.

    A sample that requires context and is a turn of a scenario is spoken there only, after the turns that it needs; that
    turn is its primary one. Every sample has exactly one primary turn.
    """
    in_context: dict[str, str] = {}
    scenarios = []
    for scenario in samples.scenarios:
        turns = []
        for number, sample in enumerate(scenario.turns, start=1):
            key = f"{scenario.id}/{number}"
            primary = sample.requires_context and number > 1 and in_context.setdefault(sample.id, key) == key
            turns.append(_Planned(key, sample, number, primary))
        scenarios.append(_Conversation(scenario.id, scenario.id, tuple(turns)))
    alone = [sample for sample in samples.samples if sample.id not in in_context]
    singles = (_Conversation(sample.id, None, (_Planned(sample.id, sample, 1, True),)) for sample in alone)
    return (*singles, *scenarios)


def evaluate(
    spec: RunSpec, out: Path, *, run_id: str | None = None, progress: Progress | None = None
) -> tuple[RunFolder, RunResult]:
    """Make a new run under the folder `out`; its own folder is named by the run's id.

    Raises InputError or EngineError when the run cannot begin; once it has begun, what fails is in the result.
    """
    samples = _samples(spec)
    normalizer(spec.normalizer)
    check_engines(spec)
    folder = RunFolder(out / (run_id or new_run_id(spec)))
    conversations = plan(samples)
    run = RunResult(
        run_id=folder.run_id,
        status="running",
        spec=spec,
        samples_sha256=provenance.samples_sha256(samples),
        planned_turns=sum(len(conversation.turns) for conversation in conversations),
        code=provenance.code_state(),
        packages=provenance.packages(),
        machine=provenance.machine(),
        started_at=now(),
    )
    with runlock.held(folder.path):
        folder.create()
        folder.write(run)
        return folder, run_blocking(_Runner(folder, conversations, progress).run(run))


def resume(path: Path, *, progress: Progress | None = None) -> tuple[RunFolder, RunResult]:
    """Take up a run that did not finish; finished turns are kept, not repeated. A finished run is left as it is.

    Raises InputError when the samples are no longer the same.
    """
    folder = RunFolder(path)
    folder.read()
    with runlock.held(folder.path):
        return folder, _resumed(folder, progress)


def _resumed(folder: RunFolder, progress: Progress | None) -> RunResult:
    run = folder.read()
    if run.status == "finished":
        return run
    samples = _samples(run.spec)
    if provenance.samples_sha256(samples) != run.samples_sha256:
        raise InputError(
            f"{folder.path}: the samples at {run.spec.samples} have changed since this run began; start a new run"
        )
    folder.drop_torn_line()
    again = run.model_copy(update={"status": "running", "failure": None, "resumed": run.resumed + 1})
    return run_blocking(_Runner(folder, plan(samples), progress).run(again))


def new_run_id(spec: RunSpec) -> str:
    """An id that sorts by time and says what ran: 20260131-120102-pocketsphinx-burst."""
    engine = (spec.asr or "server").partition(":")[0]
    return f"{now():%Y%m%d-%H%M%S}-{engine}-{spec.mode}"


def _samples(spec: RunSpec) -> SampleSet:
    return load(spec.samples).only(categories=spec.categories, limit=spec.limit)


_Result = TypeVar("_Result")


def run_blocking(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine to its end, also where an event loop is running already, as in a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(work)
    outside = _OtherThread(work)
    return outside.result()


class _OtherThread(Generic[_Result]):
    """Runs a coroutine in a loop and a thread of its own, and cancels it when whoever waits is interrupted."""

    def __init__(self, work: Coroutine[Any, Any, _Result]) -> None:
        self._work = work
        self._loop = asyncio.new_event_loop()
        self._task = self._loop.create_task(self._watched())
        self._outcome: _Result
        self._fault: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="voicelab-run")

    def result(self) -> _Result:
        self._thread.start()
        try:
            self._thread.join()
        except BaseException:  # the stop button of a notebook, or Ctrl-C
            self._loop.call_soon_threadsafe(self._task.cancel)
            self._thread.join()
            raise
        if self._fault is not None:
            raise self._fault
        return self._outcome

    async def _watched(self) -> None:
        try:
            self._outcome = await self._work
        except BaseException as fault:  # noqa: BLE001 - raised again in the thread that waits
            self._fault = fault

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self._task)
            self._loop.run_until_complete(self._loop.shutdown_asyncgens())
            self._loop.run_until_complete(self._loop.shutdown_default_executor())
        finally:
            self._loop.close()


class _Runner:
    def __init__(self, folder: RunFolder, conversations: tuple[_Conversation, ...], progress: Progress | None) -> None:
        self._folder = folder
        self._conversations = conversations
        self._done = {turn.key: turn for turn in folder.turns()}
        self._total = sum(len(conversation.turns) for conversation in conversations)
        self._progress = progress
        self._cold = True

    async def run(self, run: RunResult) -> RunResult:
        try:
            async with open_target(run.spec, folder=self._folder.path) as target:
                run = run.model_copy(update={"engines": target.engines})
                self._folder.write(run)
                self._tell(None)
                for conversation in self._conversations:
                    await self._hold(target, conversation, run)
        except VoicelabError as error:
            self._folder.write(run.model_copy(update={"status": "failed", "failure": str(error), "finished_at": now()}))
            raise
        finished = run.model_copy(update={"status": "finished", "finished_at": now()})
        self._folder.write(finished)
        return finished

    async def _hold(self, target: Target, conversation: _Conversation, run: RunResult) -> None:
        """Take the turns of one conversation that are not done yet."""
        before = [self._done[turn.key] for turn in conversation.turns if turn.key in self._done]
        rest = conversation.turns[len(before) :]
        if not rest:
            return
        heard = tuple(turn.heard for turn in before if turn.status == "answered" and turn.heard is not None)
        session_id = next((turn.session_id for turn in reversed(before) if turn.session_id), None)
        user_id = f"{run.run_id}.{conversation.id}"
        position = 0
        try:
            async with target.session(user_id, session_id, heard) as session:
                for position, planned in enumerate(rest):  # noqa: B007 - where it stood when the connection went
                    await self._take(session, conversation, planned, run)
        except (ConnectionLostError, ServerError) as error:
            code = error.code if isinstance(error, ServerError) else "connection_lost"
            for planned in rest[position:]:
                if planned.key not in self._done:
                    take = Take(error=(code, str(error)))
                    self._record(planned, conversation, take, session_id or "")

    async def _take(self, session: Session, conversation: _Conversation, planned: _Planned, run: RunResult) -> None:
        sample = planned.sample
        try:
            take = await session.speak(sample.audio_bytes(), run.spec.mode, source=str(sample.audio_path))
        except InputError as error:
            take = Take(error=("bad_sample", str(error)))
        self._record(planned, conversation, take, session.session_id)

    def _record(self, planned: _Planned, conversation: _Conversation, take: Take, session_id: str) -> None:
        file = self._folder.save_reply(planned.key, take.reply_audio) if take.reply_audio else None
        turn = turn_result(planned, conversation.scenario_id, take, session_id, reply_file=file, cold=self._cold)
        self._cold = False
        self._folder.append(turn)
        self._done[turn.key] = turn
        self._tell(turn)

    def _tell(self, turn: TurnResult | None) -> None:
        if self._progress is not None:
            self._progress(len(self._done), self._total, turn)


def turn_result(
    planned: _Planned, scenario_id: str | None, take: Take, session_id: str, *, reply_file: str | None, cold: bool
) -> TurnResult:
    """One turn as it is kept, with the figures that follow from others."""
    sample, stages = planned.sample, take.stages
    failure = Failure(code=take.error[0], message=take.error[1]) if take.error else None
    # Silence is an answer of the recognizer: it heard no words, and all of the reference's are deletions.
    heard = "" if failure is not None and failure.code == "no_speech" else take.heard
    path = [stages.get(name) for name in ("decode_s", "asr_s", "agent_s", "tts_s", "encode_s")]
    known = [value for value in path if value is not None]
    busy_s, audio_s = stages.get("asr_busy_s"), stages.get("audio_s")
    return TurnResult(
        key=planned.key,
        sample_id=sample.id,
        scenario_id=scenario_id,
        turn_number=planned.number,
        primary=planned.primary,
        cold=cold,
        category=sample.category,
        speaker=sample.speaker,
        text=sample.text,
        expected_entities=sample.expected_entities,
        expected_intent=sample.expected_intent,
        requires_context=sample.requires_context,
        status="failed" if failure else "answered",
        failure=failure,
        session_id=session_id,
        heard=heard,
        answer=take.answer,
        intent=take.intent,
        entities=tuple(take.entities),
        candidates=tuple(take.candidates),
        transcript_s=take.transcript_s,
        reply_text_s=take.reply_text_s,
        first_audio_s=take.first_audio_s,
        turn_s=take.turn_s,
        overhead_s=take.turn_s - sum(known) if take.turn_s is not None and len(known) == len(path) else None,
        rtf=busy_s / audio_s if busy_s is not None and audio_s else None,
        chunks=take.chunks,
        reply_file=reply_file,
        started_at=now(),
        **stages,
    )
