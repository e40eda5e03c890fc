"""RunSpec to RunResult: speak every sample and scenario of a set to a target, one turn after another.

One failure is one record. A run that was killed goes on where it stopped.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from voicelab import provenance, runlock
from voicelab.blocking import run_blocking
from voicelab.client import Take
from voicelab.datasets import Sample, SampleSet, load
from voicelab.datasets.file_names import file_name
from voicelab.errors import ConnectionLostError, InputError, ServerError, VoicelabError
from voicelab.results import Failure, RunFolder, RunResult, RunSpec, TurnResult, now
from voicelab.run_names import check_name
from voicelab.stimulus import Recordings, Stimuli, Stimulus
from voicelab.targets import Session, Target, check_target, open_target
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
    ids = {sample.id for sample in samples.samples}
    for scenario in samples.scenarios:
        turns = []
        for number, sample in enumerate(scenario.turns, start=1):
            key = _scenario_key(scenario.id, number, ids)
            primary = sample.requires_context and number > 1 and in_context.setdefault(sample.id, key) == key
            turns.append(_Planned(key, sample, number, primary))
        scenarios.append(_Conversation(scenario.id, scenario.id, tuple(turns)))
    alone = [sample for sample in samples.samples if sample.id not in in_context]
    singles = (_Conversation(sample.id, None, (_Planned(sample.id, sample, 1, True),)) for sample in alone)
    return (*singles, *scenarios)


def _scenario_key(scenario_id: str, number: int, sample_ids: set[str]) -> str:
    """`greeting/2`, with as many strokes more as it takes to differ from the samples' keys, which are their ids."""
    stroke = "/"
    while (key := f"{scenario_id}{stroke}{number}") in sample_ids:
        stroke += "/"
    return key


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run that can go on with its first turn that is not done. fresh: its folder is yet to be made."""

    folder: RunFolder
    run: RunResult
    conversations: tuple[_Conversation, ...]
    stimuli: Stimuli
    fresh: bool

    @property
    def done(self) -> dict[str, TurnResult]:
        return {} if self.fresh else {turn.key: turn for turn in self.folder.turns()}

    def start(self) -> RunResult:
        """Leave run.json; InputError when another run did so already."""
        if not self.fresh:
            return self.run
        run = self.run.model_copy(update={"started_at": now()})
        self.folder.create()
        self.folder.write(run)
        return run


def evaluate(
    spec: RunSpec, out: Path, *, run_id: str | None = None, progress: Progress | None = None
) -> tuple[RunFolder, RunResult]:
    """Make a new run under the folder `out`; its own folder is named by the run's id.

    Raises InputError or EngineError when the run cannot begin; once it has begun, what fails is in the result.
    """
    name = new_run_id(spec) if run_id is None else run_id
    check_name("--run-id", name)
    begun = _begin(RunFolder(out / name), spec)
    with runlock.held(begun.folder.path):
        return begun.folder, run_blocking(_all([begun], progress))[0]


def resume(path: Path, *, progress: Progress | None = None) -> tuple[RunFolder, RunResult]:
    """Take up a run that did not finish; finished turns are kept, not repeated. A finished run is left as it is.

    Raises InputError when the samples are no longer the same.
    """
    folder = RunFolder(path)
    folder.read()
    with runlock.held(folder.path):
        run = folder.read()
        if run.status != "finished":
            run = run_blocking(_all([_take_up(folder, run)], progress))[0]
    return folder, run


def evaluate_conditions(
    specs: Sequence[tuple[RunFolder, RunSpec]], *, progress: Progress | None = None
) -> list[RunResult]:
    """Runs that differ in their conditions alone, one after the other, with engines that are loaded once.

    A folder that holds a run is taken up as `resume` does. progress counts the turns of all of them. Raises InputError
    where a folder holds a run of another spec.
    """
    first = specs[0][1]
    if any(spec.model_copy(update={"condition": first.condition}) != first for _, spec in specs):
        raise ValueError("these runs differ in more than their conditions")
    recordings = Recordings(load(first.samples))
    begun = []
    with ExitStack() as locks:
        for folder, spec in specs:
            if folder.is_free():
                begun.append(_begin(folder, spec, recordings))
                continue
            locks.enter_context(runlock.held(folder.path))
            run = folder.read()
            if run.spec != spec:
                raise InputError(f"{folder.path}: holds a run of another kind; take another --out or --sweep-id")
            begun.append(_take_up(folder, run, recordings))
        for one in begun:
            if one.fresh:
                locks.enter_context(runlock.held(one.folder.path))
        return run_blocking(_all(begun, progress))


async def _all(begun: Sequence[_Begun], progress: Progress | None) -> list[RunResult]:
    """The runs to their ends, over one target; those that are finished are not touched."""
    tally = _Tally(begun, progress)
    open_ones = [one for one in begun if one.run.status != "finished"]
    if not open_ones:
        tally.tell(None)
        return [one.run for one in begun]
    finished: dict[str, RunResult] = {}
    folder = open_ones[0].folder
    run = open_ones[0].start()
    try:
        async with open_target(run.spec, folder=folder.path) as target:
            for number, one in enumerate(open_ones):
                if number:
                    folder, run = one.folder, one.start()
                finished[run.run_id] = await _Runner(one, tally, cold=number == 0).run(run, target)
    except VoicelabError as error:
        if run.run_id not in finished:
            changes = {"status": "failed", "failure": str(error), "finished_at": now()}
            folder.write(folder.read().model_copy(update=changes))
        raise
    return [finished.get(one.run.run_id, one.run) for one in begun]


def _begin(folder: RunFolder, spec: RunSpec, recordings: Recordings | None = None) -> _Begun:
    """A new run with its folder. Raises InputError or EngineMissingError where it could not do what the spec asks."""
    samples = _samples(spec)
    normalizer(spec.normalizer)
    check_target(spec)
    stimuli = Stimuli(recordings or Recordings(load(spec.samples)), spec.condition)
    stimuli.check(samples)
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
    return _Begun(folder, run, conversations, stimuli, fresh=True)


def _take_up(folder: RunFolder, run: RunResult, recordings: Recordings | None = None) -> _Begun:
    """A run that is there already, its samples checked to be the same."""
    samples = _samples(run.spec)
    if provenance.samples_sha256(samples) != run.samples_sha256:
        raise InputError(
            f"{folder.path}: the samples at {run.spec.samples} have changed since this run began; start a new run"
        )
    if run.status != "finished":
        folder.drop_torn_line()
        run = run.model_copy(update={"status": "running", "failure": None, "resumed": run.resumed + 1})
    stimuli = Stimuli(recordings or Recordings(load(run.spec.samples)), run.spec.condition)
    return _Begun(folder, run, plan(samples), stimuli, fresh=False)


def new_run_id(spec: RunSpec) -> str:
    """An id that sorts by time and says what ran: 20260131-120102-pocketsphinx-burst."""
    engine = (spec.asr or "server").partition(":")[0]
    return f"{now():%Y%m%d-%H%M%S}-{engine}-{spec.mode}"


def _samples(spec: RunSpec) -> SampleSet:
    return load(spec.samples).only(categories=spec.categories, limit=spec.limit)


class _Tally:
    """Counts the turns that are done, of all runs together, and tells."""

    def __init__(self, begun: Sequence[_Begun], progress: Progress | None) -> None:
        self._done = sum(len(one.done) for one in begun)
        self._total = sum(one.run.planned_turns for one in begun)
        self._progress = progress

    def add(self, turn: TurnResult) -> None:
        self._done += 1
        self.tell(turn)

    def tell(self, turn: TurnResult | None) -> None:
        if self._progress is not None:
            self._progress(self._done, self._total, turn)


class _Runner:
    """Takes the turns of one run that are not done. cold: its first turn is the first after engines were loaded."""

    def __init__(self, begun: _Begun, tally: _Tally, *, cold: bool) -> None:
        self._folder = begun.folder
        self._conversations = begun.conversations
        self._stimuli = begun.stimuli
        self._done = begun.done
        self._tally = tally
        self._cold = cold

    async def run(self, run: RunResult, target: Target) -> RunResult:
        run = run.model_copy(update={"engines": target.engines})
        self._folder.write(run)
        self._tally.tell(None)
        for conversation in self._conversations:
            await self._hold(target, conversation, run)
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
        user_id = f"{run.run_id}.{file_name(conversation.id)}"  # a server limits the length of ids
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
        stimulus = None
        try:
            stimulus = await asyncio.to_thread(self._stimuli.of, sample)
            take = await session.speak(stimulus.audio, run.spec.mode, source=str(sample.audio_path))
        except InputError as error:
            take = Take(error=("bad_sample", str(error)))
        self._record(planned, conversation, take, session.session_id, stimulus)

    def _record(
        self,
        planned: _Planned,
        conversation: _Conversation,
        take: Take,
        session_id: str,
        stimulus: Stimulus | None = None,
    ) -> None:
        file = self._folder.save_reply(planned.key, take.reply_audio) if take.reply_audio else None
        scenario = conversation.scenario_id
        turn = turn_result(planned, scenario, take, session_id, reply_file=file, cold=self._cold, stimulus=stimulus)
        self._cold = False
        self._folder.append(turn)
        self._done[turn.key] = turn
        self._tally.add(turn)


def turn_result(
    planned: _Planned,
    scenario_id: str | None,
    take: Take,
    session_id: str,
    *,
    reply_file: str | None,
    cold: bool,
    stimulus: Stimulus | None = None,
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
        sent=stimulus.sent if stimulus is not None else None,
        segment=stimulus.segment if stimulus is not None else None,
        started_at=now(),
        **stages,
    )
