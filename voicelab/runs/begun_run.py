"""A run that can be executed: a new one, or one that continues."""

from dataclasses import dataclass

from voicelab.conditions import outside
from voicelab.datasets import SampleSet
from voicelab.errors import InputError
from voicelab.runs import provenance
from voicelab.runs.language import settled
from voicelab.runs.planning import PlannedConversation, done_turns, plan
from voicelab.runs.records import RunFolder, RunResult, RunSpec, TurnResult, now
from voicelab.runs.sent_audio import RequestAudioSource, SetRecordings
from voicelab.runs.target_opening import check_target
from voicelab.targets.base import Target
from voicelab.tts.default import fallback_notice


@dataclass(frozen=True, slots=True)
class BegunRun:
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

    def start(self) -> RunResult:
        """Write run.json. Raises InputError if another run has written it."""
        if not self.fresh:
            return self.run
        run = self.run.model_copy(update={"started_at": now()})
        self.folder.create()
        self.folder.write(run)
        return run


def begin(
    folder: RunFolder,
    spec: RunSpec,
    samples: SampleSet,
    recordings: SetRecordings | None = None,
    target: Target | None = None,
) -> BegunRun:
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
    return BegunRun(folder, run, conversations, request_audio_source, fresh=True)


def take_up(folder: RunFolder, run: RunResult, samples: SampleSet, recordings: SetRecordings | None = None) -> BegunRun:
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
    if not is_finished(folder, run):
        folder.drop_torn_writes()
        run = run.model_copy(
            update={"status": "running", "failure": None, "finished_at": None, "resumed": run.resumed + 1}
        )
    request_audio_source = RequestAudioSource(recordings or SetRecordings(samples.whole), run.spec.condition)
    return BegunRun(folder, run, plan(samples), request_audio_source, fresh=False)


def is_finished(folder: RunFolder, run: RunResult) -> bool:
    return run.status == "finished" and not any(turn.lost_connection for turn in folder.turns())


def _notices(spec: RunSpec) -> tuple[str, ...]:
    found = [fallback_notice(spec.tts)]
    if spec.condition is not None and (name := spec.condition.transform) is not None:
        found.append(f"the condition {name} is not part of voicelab: {outside.revision(name)}")
    return tuple(one for one in found if one is not None)
