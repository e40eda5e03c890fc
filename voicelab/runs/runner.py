"""Executes a RunSpec: speaks every sample and scenario to a target, one turn after another.

Each failure is one record. A killed run, or one whose target or disk failed, can be resumed.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from secrets import token_hex
from time import perf_counter

from voicelab.conditions import outside
from voicelab.datasets import SampleSet, load
from voicelab.datasets.file_names import file_name
from voicelab.engines.outside import split
from voicelab.engines.pool.run_sync import run_blocking
from voicelab.errors import (
    ConnectionLostError,
    InputError,
    NoReplyError,
    RunInterruptedError,
    ServerError,
    StorageError,
    VoicelabError,
)
from voicelab.runs import lock, provenance
from voicelab.runs.checking import checked_again
from voicelab.runs.conversation_recording import ConversationRecording, turn_sound
from voicelab.runs.faults import CONNECTION_FAULTS, CONNECTION_LOST, NO_REPLY, Owner
from voicelab.runs.language import settled
from voicelab.runs.names import check_name
from voicelab.runs.planning import PlannedConversation, PlannedTurn, done_turns, plan
from voicelab.runs.reconnection import Reconnection
from voicelab.runs.records import EngineUsed, RunFolder, RunResult, RunSpec, TurnResult, now
from voicelab.runs.reply_transcripts import with_reply_transcripts
from voicelab.runs.sent_audio import RequestAudio, RequestAudioSource, SetRecordings
from voicelab.runs.target_opening import check_target, config_of, open_target
from voicelab.runs.turn_results import encoded_reply, recorded, timing_fields, turn_result, unless_damaged
from voicelab.targets.background import short_pauses
from voicelab.targets.base import Session, Target, TurnOutcome, Utterance
from voicelab.targets.catalog import describe_object
from voicelab.tts.default import fallback_notice

Progress = Callable[[int, int, TurnResult | None], None]
"""Called at the end of each turn with the numbers of completed and all turns, and the turn (None at the start)."""


@dataclass(frozen=True, slots=True)
class _Begun:
    """A run that can continue at its first missing turn. fresh: its folder is not created yet."""

    folder: RunFolder
    run: RunResult
    conversations: tuple[PlannedConversation, ...]
    request_audio_source: RequestAudioSource
    fresh: bool

    @property
    def done(self) -> dict[str, TurnResult]:
        """The turns that are not repeated."""
        turns = [] if self.fresh else self.folder.turns()
        return done_turns(self.conversations, {turn.key: turn for turn in turns})

    @property
    def is_whole(self) -> bool:
        """Whether no turn is missing."""
        return self.run.status == "finished"

    def start(self) -> RunResult:
        """Write run.json. Raises InputError if another run has written it."""
        if not self.fresh:
            return self.run
        run = self.run.model_copy(update={"started_at": now()})
        self.folder.create()
        self.folder.write(run)
        return run


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

    target: an object to measure instead of spec.target. samples: the spec's set, if it is loaded already.

    Raises InputError or EngineError if the run cannot start. After the start, failed turns are part of the result;
    RunInterruptedError or StorageError means that the target or the disk failed, and says how to continue.
    """
    if target is not None:
        without = {"asr": None, "agent": None, "tts": None}
        spec = spec.model_copy(update={"target": describe_object(target), **without})
    spec = checked_again(spec)
    name = new_run_id(spec) if run_id is None else run_id
    check_name("--run-id", name)
    begun = _begin(RunFolder(out / name), spec, _samples(spec, samples), target=target)
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
        if not _finished(folder, run):
            run = run_blocking(_all([_take_up(folder, run, _samples(run.spec))], progress, target))[0]
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
                begun.append(_begin(folder, spec, samples, recordings))
                continue
            locks.enter_context(lock.held(folder.path))
            run = folder.read()
            if run.spec != settled(spec, samples):
                raise InputError(f"{folder.path}: contains a run of another spec; choose another --out or --sweep-id")
            begun.append(_take_up(folder, run, samples, recordings))
        for one in begun:
            if one.fresh:
                locks.enter_context(lock.held(one.folder.path))
        return run_blocking(_all(begun, progress))


async def _all(begun: Sequence[_Begun], progress: Progress | None, given: Target | None = None) -> list[RunResult]:
    """Execute all runs with one target; complete runs are not touched."""
    tally = _Tally(begun, progress)
    open_ones = [one for one in begun if not one.is_whole]
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
                    finished[run.run_id] = await _Runner(one, tally, cold=number == 0).run(run, target)
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


def _finished(folder: RunFolder, run: RunResult) -> bool:
    return run.status == "finished" and not any(turn.lost_connection for turn in folder.turns())


def _begin(
    folder: RunFolder,
    spec: RunSpec,
    samples: SampleSet,
    recordings: SetRecordings | None = None,
    target: Target | None = None,
) -> _Begun:
    """Prepare a new run. Raises InputError or EngineMissingError if the spec cannot be executed."""
    spec = settled(spec, samples)
    check_target(spec, target)
    request_audio_source = RequestAudioSource(recordings or SetRecordings(samples.whole), spec.condition)
    request_audio_source.check(samples)
    conversations = plan(samples)
    run = RunResult(
        run_id=folder.run_id,
        status="running",
        spec=spec,
        samples_sha256=provenance.samples_sha256(samples),
        condition_sha256=provenance.condition_sha256(spec.condition),
        planned_turns=sum(len(conversation.turns) for conversation in conversations),
        code=provenance.code_state(),
        packages=provenance.packages(),
        machine=provenance.machine(),
        notices=_notices(spec),
        started_at=now(),
    )
    return _Begun(folder, run, conversations, request_audio_source, fresh=True)


def _take_up(folder: RunFolder, run: RunResult, samples: SampleSet, recordings: SetRecordings | None = None) -> _Begun:
    """Prepare an existing run, after checking that its samples have not changed."""
    if provenance.samples_sha256(samples) != run.samples_sha256:
        raise InputError(
            f"{folder.path}: the samples at {run.spec.samples} have changed since the run started; start a new run"
        )
    if run.condition_sha256 not in (None, provenance.condition_sha256(run.spec.condition)):
        raise InputError(
            f"{folder.path}: the sound files or the code of the condition have changed since the run started; start a "
            "new run"
        )
    if not _finished(folder, run):
        folder.drop_torn_writes()
        run = run.model_copy(
            update={"status": "running", "failure": None, "finished_at": None, "resumed": run.resumed + 1}
        )
    request_audio_source = RequestAudioSource(recordings or SetRecordings(samples.whole), run.spec.condition)
    return _Begun(folder, run, plan(samples), request_audio_source, fresh=False)


def _notices(spec: RunSpec) -> tuple[str, ...]:
    found = [fallback_notice(spec.tts)]
    if spec.condition is not None and (name := spec.condition.transform) is not None:
        found.append(f"the condition {name} is not part of voicelab: {outside.revision(name)}")
    return tuple(one for one in found if one is not None)


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
    """The samples of a run. whole: the set, if it is loaded already."""
    whole = load(spec.samples, spec.columns) if whole is None else whole
    return whole.only(categories=spec.categories, limit=spec.limit, language=spec.language)


class _Tally:
    """Counts the completed turns of all runs and reports progress."""

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
    """Executes the missing turns of one run. cold: its first turn is the first after engines were loaded."""

    def __init__(self, begun: _Begun, tally: _Tally, *, cold: bool) -> None:
        self._folder = begun.folder
        self._conversations = begun.conversations
        self._request_audio_source = begun.request_audio_source
        self._done = begun.done
        self._tally = tally
        self._cold = cold
        self._reconnection = Reconnection(begun.run.spec.reconnect_for_s)

    async def run(self, run: RunResult, target: Target) -> RunResult:
        engines = tuple(EngineUsed(**asdict(one)) for one in target.engines)
        run = run.model_copy(update={"engines": engines, "signals": target.capabilities.shown})
        self._folder.write(run)
        self._tally.tell(None)
        try:
            for conversation in self._conversations:
                await self._hold(target, conversation, run)
        except RunInterruptedError:
            self._folder.write(self._with_outages(run))
            raise
        run = await asyncio.to_thread(with_reply_transcripts, self._folder, run)
        finished = self._with_outages(run).model_copy(update={"status": "finished", "finished_at": now()})
        self._folder.write(finished)
        return finished

    def _with_outages(self, run: RunResult) -> RunResult:
        return run.model_copy(update={"outages": (*run.outages, *self._reconnection.outages)})

    async def _hold(self, target: Target, conversation: PlannedConversation, run: RunResult) -> None:
        """Execute the missing turns of one conversation in one session, or in several after failures."""
        session_id: str | None = None
        while rest := [turn for turn in conversation.turns if turn.key not in self._done]:
            before = [self._done[turn.key] for turn in conversation.turns if turn.key in self._done]
            session_id = session_id or next((turn.session_id for turn in reversed(before) if turn.session_id), None)
            heard = tuple(turn.heard for turn in before if turn.status == "answered" and turn.heard is not None)
            user_id = f"{run.run_id}.{file_name(conversation.id)}"  # a server limits the length of ids
            try:
                async with target.session(user_id, session_id, heard) as session:
                    self._reconnection.connected()
                    session_id = session.session_id
                    recording = _Recording(rest[0].key, ConversationRecording(run.spec.mode))
                    for planned in rest:
                        heard_until_s = await self._take(session, conversation, planned, run, recording)
                        if heard_until_s is None:
                            break
                        if planned is not rest[-1] and run.spec.mode == "realtime":
                            await asyncio.sleep(max(0.0, heard_until_s - perf_counter()))
            except ConnectionLostError as error:
                if reason := target.gone():
                    raise RunInterruptedError(reason) from error
                await self._reconnection.wait(error)
            except ServerError as error:
                if error.code in CONNECTION_FAULTS:
                    await self._reconnection.wait(ConnectionLostError(str(error)))
                    continue
                if error.code == "unknown_session" and before:
                    # The server lost the session. The remaining turns need its context, so the conversation restarts.
                    for turn in before:
                        del self._done[turn.key]
                    session_id = None
                    continue
                for planned in rest:
                    await self._record(
                        planned, conversation, TurnOutcome(error=(error.code, str(error))), session_id or ""
                    )

    async def _take(
        self,
        session: Session,
        conversation: PlannedConversation,
        planned: PlannedTurn,
        run: RunResult,
        recording: _Recording,
    ) -> float | None:
        """Execute and record one turn. Return when its reply has been played; None if the session ended.

        Raises ConnectionLostError, without recording anything, if the turn is to be repeated in another session.
        """
        sample = planned.sample
        request_audio = None
        lost: ConnectionLostError | None = None
        try:
            request_audio = await asyncio.to_thread(self._request_audio_source.of, sample)
            take = await session.speak(Utterance(request_audio.audio, str(sample.audio_path)), run.spec.mode)
            if take.error is not None and take.error[0] in CONNECTION_FAULTS:
                raise ConnectionLostError(take.error[1])
            take = unless_damaged(take, request_audio.undecoded_s)
        except InputError as error:
            take = TurnOutcome(error=("bad_sample", str(error)))
        except NoReplyError as error:
            take, lost = TurnOutcome(error=(NO_REPLY, str(error))), error
        except ConnectionLostError as error:
            if self._reconnection.may_retry(planned.key):
                raise
            take, lost = TurnOutcome(error=(CONNECTION_LOST, str(error))), error
        # The server was reachable again, and this turn ended the connection again: the cause is the turn, not the
        # network.
        owner: Owner | None = "agent" if lost is not None else None
        await self._record(planned, conversation, take, session.session_id, request_audio, owner, recording)
        if lost is not None:
            self._reconnection.lost(lost)
            return None
        self._reconnection.answered()
        return turn_sound(take).end_s

    async def _record(
        self,
        planned: PlannedTurn,
        conversation: PlannedConversation,
        take: TurnOutcome,
        session_id: str,
        request_audio: RequestAudio | None = None,
        owner: Owner | None = None,
        recording: _Recording | None = None,
    ) -> None:
        scenario, cold, self._cold = conversation.scenario_id, self._cold, False
        earlier = [self._done[one.key] for one in conversation.turns[: planned.number - 1] if one.key in self._done]
        before = [turn.heard or "" for turn in earlier if turn.status == "answered"]

        def keep() -> TurnResult:
            reply = take.reply_audio or encoded_reply(take)
            file = self._folder.save_reply(planned.key, reply) if reply else None
            timing = recording.sound.add(take) if recording is not None else None
            recording_file = None
            if recording is not None and timing is not None:
                recording_file = self._folder.save_recording(recording.key, recording.sound.flac())
            turn = turn_result(
                planned,
                scenario,
                take,
                session_id,
                reply_file=file,
                cold=cold,
                request_audio=request_audio,
                owner=owner,
            ).model_copy(update=timing_fields(timing, recording_file))
            self._folder.append(turn)
            if turn.heard is not None and turn.answer is not None and turn.status == "answered":
                self._folder.append_agent(recorded(turn, before))
            return turn

        # In a thread, because a slow disk must not delay the connection's heartbeat.
        turn = await asyncio.to_thread(keep)
        self._done[turn.key] = turn
        self._tally.add(turn)


@dataclass(frozen=True, slots=True)
class _Recording:
    """The audio of a conversation so far. key: of the first turn in this session."""

    key: str
    sound: ConversationRecording
