"""A run's turns put to its agent again, in writing: with what was recognized and with what was really said.

Nothing is heard or spoken here, so what differs between the two is the recognizer's doing alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.agent.base import Agent, Dialogue, Reply
from voicelab.agent.catalog import AGENTS
from voicelab.engines import EngineSpec
from voicelab.errors import EngineError, InputError
from voicelab.metrics.equivalence import Action, EquivalenceCounts, compare
from voicelab.results import RunResult, TurnResult

UNASKED = Action("(no speech)")
"""What happens in a turn in which the recognizer heard nothing: the agent is never asked."""


@dataclass(frozen=True, slots=True)
class ReplayedTurn:
    """What the agent does with the reference text and with the transcript, the turns before being what they were."""

    turn: TurnResult
    reference: Action
    recognized: Action

    @property
    def counts(self) -> EquivalenceCounts:
        return compare(self.reference, self.recognized)


def agent_of(run: RunResult, spec: str | None = None) -> Agent:
    """The agent that a run used, loaded anew; spec: another instead, as --agent names it.

    Raises InputError where the run's agent is not in the table.
    """
    wanted: EngineSpec | str | None = spec
    if wanted is None:
        used = next((engine for engine in run.engines if engine.kind == "agent"), None)
        if used is None:
            raise InputError(f"run {run.run_id} names no agent; say which with --agent")
        options = {name: str(value) for name, value in used.options.items() if value is not None}
        wanted = EngineSpec(used.name, options)
    agent: Agent = AGENTS.blueprint(wanted).build()
    agent.load()
    return agent


def action_of(reply: Reply) -> Action:
    """What a reply does: its intent, its companies, what else it took from the words, the changes it makes."""
    return Action(
        reply.intent,
        frozenset(entity.value for entity in reply.entities if entity.kind == "company"),
        frozenset((entity.kind, entity.value) for entity in reply.entities if entity.kind != "company"),
        frozenset((change.operation, change.ticker) for change in reply.changes),
    )


def tool_equivalence(turns: Sequence[TurnResult], agent: Agent) -> list[ReplayedTurn]:
    """Each turn that was recognized, with both actions.

    The dialogue before a turn is the one that the transcripts led to, on both sides: only this turn's words differ.
    Turns that broke before anything was recognized are left out.
    """
    conversations: dict[str, list[TurnResult]] = {}
    for turn in turns:
        conversations.setdefault(turn.scenario_id or turn.key, []).append(turn)
    replayed: list[ReplayedTurn] = []
    for members in conversations.values():
        dialogue = Dialogue()
        for turn in sorted(members, key=lambda member: member.turn_number):
            if turn.heard is None:
                continue
            meant = action_of(_asked(agent, turn.text, dialogue))
            if not turn.heard:
                replayed.append(ReplayedTurn(turn, meant, UNASKED))
                continue
            reply = _asked(agent, turn.heard, dialogue)
            replayed.append(ReplayedTurn(turn, meant, action_of(reply)))
            dialogue = dialogue.after(turn.heard, reply)
    return replayed


def _asked(agent: Agent, text: str, dialogue: Dialogue) -> Reply:
    try:
        return agent.respond(text, dialogue)
    except EngineError:
        raise
    except Exception as error:
        raise EngineError(type(agent).__name__, f"failed on {text!r}: {error}") from error
