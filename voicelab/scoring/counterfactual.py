"""A run's turns put to its agent again, in writing: with what was recognized and with what was really said.

Nothing is heard or spoken here, so what differs between the two is the recognizer's doing alone. What comes of it is
kept as replay.json with the run (replayed.py), for the report.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from voicelab.agent.base import Agent, Dialogue, Reply, ToolCall, whole
from voicelab.agent.catalog import AGENTS
from voicelab.agent.recording import RecordingAgent
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio import decoding
from voicelab.engines.spec import EngineInfo, EngineSpec
from voicelab.errors import EngineError, InputError, VoicelabError
from voicelab.pipeline import transcribe
from voicelab.runs.records import EngineUsed, RunFolder, RunResult, TurnResult
from voicelab.scoring.counterfactual_file import AgentOutcome, Counterfactual, CounterfactualTurn, read, write

Progress = transcribe.Told


def keep(folder: RunFolder, *, must: bool = False, any_revision: bool = False) -> Counterfactual:
    """The replay of a run, read where it is kept and whole, else made and kept.

    Where the run's agent cannot be had here, or only in another revision, the replay says why it is absent; with `must`
    that is raised instead, as InputError or EngineError. any_revision: ask it all the same. An agent behind a server,
    whose requests may cost money, is only asked with `must`; its answers are added to the run's agent.jsonl.
    """
    run, taken = folder.read(), last_taken(folder.turns())
    try:
        kept = read(folder.path)
    except InputError:  # it is damaged, and made again from what it was made from
        kept = None
    if kept is not None and kept.absent is None and len(kept.of(taken)) == len(_heard(taken)):
        return kept
    try:
        made = _made(folder, run, taken, any_revision=any_revision, may_ask_remote=must)
    except VoicelabError as error:
        if must:
            raise
        made = Counterfactual(run_id=run.run_id, absent=str(error))
    write(folder.path, made)
    return made


def listen(
    folder: RunFolder, replay: Counterfactual, recognizer: str, progress: Progress | None = None
) -> Counterfactual:
    """The replay with what a recognizer hears in the replies that the run kept; kept in its place.

    progress: told how many replies were heard, and how many there are. Raises InputError for an unknown recognizer, and
    where the run kept no reply; EngineError.
    """
    RECOGNIZERS.config(recognizer)
    files = {turn.key: folder.path / turn.reply_file for turn in folder.turns() if turn.reply_file}
    kept = {key: path for key, path in files.items() if path.is_file()}
    if not kept:
        raise InputError(f"{folder.path}: it kept no reply to listen to")
    clips = [decoding.read(path) for path in kept.values()]
    info, heard_texts = transcribe.hear(recognizer, clips, progress)
    texts = dict(zip(kept, heard_texts, strict=True))
    turns = tuple(one.model_copy(update={"spoken": texts.get(one.key)}) for one in replay.turns)
    named = EngineSpec(info.name, {name: str(value) for name, value in info.options.items() if value is not None})
    used = [(one.name, one.options, one.revision) for one in folder.read().engines if one.kind == "asr"]
    own = (info.name, dict(info.options), info.revision) in used
    heard = replay.model_copy(update={"turns": turns, "listener": f"{named}, {info.revision}", "own_ear": own})
    write(folder.path, heard)
    return heard


def agent_of(run: RunResult, spec: str | None = None) -> Agent:
    """The agent that a run used, loaded anew; spec: another instead, as --agent names it.

    Raises InputError where the run's agent is not in the table.
    """
    return _loaded(run, spec)[0]


def last_taken(turns: Sequence[TurnResult]) -> list[TurnResult]:
    """The turns, each once: of one that was taken twice, the later."""
    return list({turn.key: turn for turn in turns}.values())


def tool_equivalence(turns: Sequence[TurnResult], agent: Agent) -> list[CounterfactualTurn]:
    """Each turn that was recognized, with what the agent does with the transcript and with the reference.

    Turns that broke before anything was recognized are left out, and out of the dialogue too.
    """
    conversations: dict[str, list[TurnResult]] = {}
    for turn in _heard(turns):
        conversations.setdefault(turn.conversation, []).append(turn)
    return [one for members in conversations.values() for one in _conversation(members, agent)]


def _heard(turns: Sequence[TurnResult]) -> list[TurnResult]:
    """The turns that were recognized, without those in which nobody speaks: there is nothing to ask the agent then."""
    return [turn for turn in turns if turn.heard is not None and turn.text.strip()]


def _conversation(turns: Sequence[TurnResult], agent: Agent) -> list[CounterfactualTurn]:
    as_heard = as_said = Dialogue()
    replayed = []
    for turn in sorted(turns, key=lambda member: member.turn_number):
        reference = _asked(agent, turn.text, as_heard)
        references = reference if as_said == as_heard else _asked(agent, turn.text, as_said)
        transcript = None
        if turn.heard:
            transcript = reference if turn.heard == turn.text else _asked(agent, turn.heard, as_heard)
            as_heard = as_heard.after(turn.heard, transcript)
        as_said = as_said.after(turn.text, references)
        replayed.append(
            CounterfactualTurn(
                key=turn.key,
                text=turn.text,
                heard=turn.heard or "",
                transcript=_kept(transcript) if transcript is not None else None,
                reference=_kept(reference),
                references=_kept(references),
            )
        )
    return replayed


def _kept(reply: Reply) -> AgentOutcome:
    """What a reply does: its intent, its companies, what else it took from the words, the changes it makes."""
    return AgentOutcome(
        intent=reply.intent,
        companies=tuple(sorted({entity.value for entity in reply.entities if entity.kind == "company"})),
        amounts=tuple(sorted({(one.kind, one.value) for one in reply.entities if one.kind != "company"})),
        changes=tuple((change.operation, change.ticker) for change in reply.changes),
        calls=tuple(sorted(_canonical(call, reply) for call in reply.tool_calls)),
        answer=reply.text,
    )


def _canonical(call: ToolCall, reply: Reply) -> tuple[str, str]:
    """A call such that two wordings of one company are the same: as its ticker, where the agent resolved it."""
    tickers = {entity.heard.casefold(): entity.value for entity in reply.entities if entity.heard}

    def canonical(value: Any) -> Any:
        if isinstance(value, str):
            return tickers.get(value.casefold(), value.casefold())
        if isinstance(value, list | tuple):
            return sorted(map(canonical, value), key=str)
        return value

    arguments = {name: canonical(value) for name, value in call.arguments.items()}
    return call.name, json.dumps(arguments, sort_keys=True, ensure_ascii=False)


def _made(
    folder: RunFolder, run: RunResult, turns: Sequence[TurnResult], *, any_revision: bool, may_ask_remote: bool
) -> Counterfactual:
    used = agent_used(run)
    remote = used is not None and used.device == "remote"
    if remote and not may_ask_remote:
        raise InputError(
            "the run's agent is behind a server, where asking it again may cost money; to ask it: "
            f"voicelab attribute {folder.path}"
        )
    agent, info, used = _loaded(run, None)
    if remote:
        agent = RecordingAgent(agent, folder.append_agent)
    if used is not None and used.revision != info.revision and not any_revision:
        raise InputError(
            f"the run's agent was {used.name} of {used.revision}, here it is of {info.revision}; "
            "to ask that one all the same: voicelab attribute RUN --any-revision"
        )
    replayed = tuple(tool_equivalence(turns, agent))
    return Counterfactual(run_id=run.run_id, agent=info.name, revision=info.revision, turns=replayed)


def agent_used(run: RunResult) -> EngineUsed | None:
    """The agent as the run loaded it; None where it names none."""
    return next((engine for engine in run.engines if engine.kind == "agent"), None)


def _loaded(run: RunResult, spec: str | None) -> tuple[Agent, EngineInfo, EngineUsed | None]:
    used = agent_used(run)
    wanted: EngineSpec | str | None = spec
    if wanted is None:
        if used is None:
            raise InputError(f"run {run.run_id} names no agent; say which with --agent")
        options = {name: str(value) for name, value in used.options.items() if value is not None}
        wanted = EngineSpec(used.name, options)
    config = AGENTS.config(wanted)
    agent: Agent = config.build()
    return agent, config.load(agent), used


def _asked(agent: Agent, text: str, dialogue: Dialogue) -> Reply:
    try:
        return whole(agent.respond(text, dialogue))
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(type(agent).__name__, f"failed on {text!r}: {error}") from error
