"""Re-run a run's agent on text: on the transcripts and on the reference texts.

No audio is processed, so any difference between the two is due to the recognizer. The result is stored as replay.json
(counterfactual_file.py), which the report reads.
"""

import json
from collections.abc import Sequence
from typing import Any

from voicelab.agent.base import Agent, Dialogue, Reply, ToolCall, whole
from voicelab.agent.catalog import AGENTS
from voicelab.agent.recording import RecordingAgent
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio import decoding
from voicelab.engines.spec import EngineInfo
from voicelab.errors import EngineError, InputError, VoicelabError
from voicelab.pipeline import transcribe
from voicelab.runs.records import RunFolder, RunResult, TurnResult
from voicelab.scoring.counterfactual_file import AgentOutcome, Counterfactual, CounterfactualTurn, read, write

Progress = transcribe.Progress


def keep(folder: RunFolder, *, must: bool = False, any_revision: bool = False) -> Counterfactual:
    """Return the stored counterfactual turns of a run, or compute and store them.

    If the run's agent is not available, or only in another revision, the result has the reason in `absent`; with `must`
    it is raised as InputError or EngineError instead. any_revision: use the agent anyway. An agent behind a server,
    whose requests may cost money, is only called with `must`; its answers are added to the run's agent.jsonl.
    """
    run, taken = folder.read(), folder.turns()
    try:
        kept = read(folder.path)
    except InputError:  # damaged; compute it again
        kept = None
    if kept is not None and kept.absent is None and len(kept.of(taken)) == len(_heard(taken)):
        return kept
    try:
        made = _rerun(folder, run, taken, any_revision=any_revision, may_ask_remote=must)
    except VoicelabError as error:
        if must:
            raise
        made = Counterfactual(run_id=run.run_id, absent=str(error))
    write(folder.path, made)
    return made


def listen(
    folder: RunFolder, replay: Counterfactual, recognizer: str, progress: Progress | None = None
) -> Counterfactual:
    """Transcribe the run's recorded replies, add the transcripts to the counterfactual turns, and store them.

    progress: called with the number of transcribed and of all replies. Raises InputError for an unknown recognizer or a
    run without recorded replies, and EngineError.
    """
    RECOGNIZERS.config(recognizer)
    files = {turn.key: folder.path / turn.reply_file for turn in folder.turns() if turn.reply_file}
    kept = {key: path for key, path in files.items() if path.is_file()}
    if not kept:
        raise InputError(f"{folder.path}: the run has no recorded replies")
    clips = [decoding.read(path) for path in kept.values()]
    info, heard_texts = transcribe.hear(recognizer, clips, progress)
    texts = dict(zip(kept, heard_texts, strict=True))
    turns = tuple(one.model_copy(update={"spoken": texts.get(one.key)}) for one in replay.turns)
    used = folder.read().engine("asr")
    own = used is not None and (used.name, used.options, used.revision) == (info.name, info.options, info.revision)
    heard = replay.model_copy(update={"turns": turns, "listener": f"{info.spec}, {info.revision}", "own_ear": own})
    write(folder.path, heard)
    return heard


def agent_of(run: RunResult, spec: str | None) -> Agent:
    """Load the agent of a run. spec: another agent instead, as for --agent.

    Raises InputError if the run's agent is not in the table.
    """
    return _loaded(run, spec)[0]


def tool_equivalence(turns: Sequence[TurnResult], agent: Agent) -> list[CounterfactualTurn]:
    """Run the agent on the transcript and on the reference of each recognized turn.

    Turns that failed before recognition are left out, also from the dialogue.
    """
    conversations: dict[str, list[TurnResult]] = {}
    for turn in _heard(turns):
        conversations.setdefault(turn.conversation, []).append(turn)
    return [one for members in conversations.values() for one in _conversation(members, agent)]


def _heard(turns: Sequence[TurnResult]) -> list[TurnResult]:
    """The recognized turns, without samples that contain no speech, for which the agent has no input."""
    return [turn for turn in turns if turn.heard is not None and turn.text.strip()]


def _conversation(turns: Sequence[TurnResult], agent: Agent) -> list[CounterfactualTurn]:
    as_heard = as_said = Dialogue()
    replayed = []
    for turn in sorted(turns, key=lambda member: member.turn_number):
        reference = _respond(agent, turn.text, as_heard)
        references = reference if as_said == as_heard else _respond(agent, turn.text, as_said)
        transcript = None
        if turn.heard:
            transcript = reference if turn.heard == turn.text else _respond(agent, turn.heard, as_heard)
            as_heard = as_heard.after(turn.heard, transcript)
        as_said = as_said.after(turn.text, references)
        replayed.append(
            CounterfactualTurn(
                key=turn.key,
                text=turn.text,
                heard=turn.heard or "",
                transcript=_outcome(transcript) if transcript is not None else None,
                reference=_outcome(reference),
                references=_outcome(references),
            )
        )
    return replayed


def _outcome(reply: Reply) -> AgentOutcome:
    """The action of a reply: intent, companies, other amounts, watchlist changes, and tool calls."""
    return AgentOutcome(
        intent=reply.intent,
        companies=tuple(sorted({entity.value for entity in reply.entities if entity.kind == "company"})),
        amounts=tuple(sorted({(one.kind, one.value) for one in reply.entities if one.kind != "company"})),
        changes=tuple((change.operation, change.ticker) for change in reply.changes),
        calls=tuple(sorted(_canonical(call, reply) for call in reply.tool_calls)),
        answer=reply.text,
    )


def _canonical(call: ToolCall, reply: Reply) -> tuple[str, str]:
    """A call in which companies are written as tickers if the agent resolved them, so that wordings are equal."""
    tickers = {entity.heard.casefold(): entity.value for entity in reply.entities if entity.heard}

    def canonical(value: Any) -> Any:
        if isinstance(value, str):
            return tickers.get(value.casefold(), value.casefold())
        if isinstance(value, list | tuple):
            return sorted(map(canonical, value), key=str)
        return value

    arguments = {name: canonical(value) for name, value in call.arguments.items()}
    return call.name, json.dumps(arguments, sort_keys=True, ensure_ascii=False)


def _rerun(
    folder: RunFolder, run: RunResult, turns: Sequence[TurnResult], *, any_revision: bool, may_ask_remote: bool
) -> Counterfactual:
    used = run.engine("agent")
    remote = used is not None and used.device == "remote"
    if remote and not may_ask_remote:
        raise InputError(
            "the run's agent is behind a server, and re-running it may cost money; to do so: "
            f"voicelab attribute {folder.path}"
        )
    agent, info = _loaded(run, None)
    if remote:
        agent = RecordingAgent(agent, folder.append_agent)
    if used is not None and used.revision != info.revision and not any_revision:
        raise InputError(
            f"the run's agent was {used.name} of {used.revision}, here it is of {info.revision}; "
            "to use it anyway: voicelab attribute RUN --any-revision"
        )
    replayed = tuple(tool_equivalence(turns, agent))
    return Counterfactual(run_id=run.run_id, agent=info.name, revision=info.revision, turns=replayed)


def _loaded(run: RunResult, spec: str | None) -> tuple[Agent, EngineInfo]:
    used = run.engine("agent")
    wanted = spec or (used.spec if used is not None else None)
    if wanted is None:
        raise InputError("the run's target names no agent; choose one: voicelab attribute RUN --agent rules")
    config = AGENTS.config(wanted)
    agent: Agent = config.build()
    return agent, config.load(agent)


def _respond(agent: Agent, text: str, dialogue: Dialogue) -> Reply:
    try:
        return whole(agent.respond(text, dialogue))
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(type(agent).__name__, f"failed on {text!r}: {error}") from error
