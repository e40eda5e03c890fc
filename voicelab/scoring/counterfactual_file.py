"""replay.json of a run: what its agent does with what was really said, beside what it did with the transcripts."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from voicelab.errors import InputError
from voicelab.metrics.equivalence import Action, EquivalenceCounts, compare
from voicelab.runs import storage
from voicelab.runs.records import TurnResult

FILE_NAME = "replay.json"
UNASKED = Action("(no speech)")
"""What happens in a turn in which the recognizer heard nothing: the agent is never asked."""


class _CounterfactualRecord(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class AgentOutcome(_CounterfactualRecord):
    """What the agent does with one text.

    amounts: (kind, value). changes: (operation, company). calls: (tool, arguments).
    """

    intent: str
    companies: tuple[str, ...]
    amounts: tuple[tuple[str, str], ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    calls: tuple[tuple[str, str], ...] = ()
    answer: str

    @property
    def action(self) -> Action:
        companies, amounts = frozenset(self.companies), frozenset(self.amounts)
        return Action(self.intent, companies, amounts, frozenset(self.changes), frozenset(self.calls))


class CounterfactualTurn(_CounterfactualRecord):
    """One turn asked again, in writing.

    transcript: with what was recognized, after the dialogue that the transcripts led to; None where nothing was heard.
    reference: with what was said, after the same dialogue. references: with what was said in this turn and in all
    before it. spoken: what a recognizer heard in the reply's kept sound; None where nobody listened.
    """

    key: str
    text: str
    heard: str
    transcript: AgentOutcome | None
    reference: AgentOutcome
    references: AgentOutcome
    spoken: str | None = None

    @property
    def action(self) -> Action:
        """What was done with the transcript."""
        return self.transcript.action if self.transcript is not None else UNASKED

    @property
    def counts(self) -> EquivalenceCounts:
        """What changes with the transcript, the turns before being what they were."""
        return compare(self.reference.action, self.action)

    def is_of(self, turn: TurnResult) -> bool:
        """Whether this is that turn, as it is now."""
        return (self.key, self.text, self.heard) == (turn.key, turn.text, turn.heard)


class Counterfactual(_CounterfactualRecord):
    """All of replay.json. absent: why no turn could be asked again; agent and revision: who was asked.

    listener: the recognizer that heard the replies again, with its options; own_ear: it is the run's own.
    """

    format_version: Literal[1] = 1
    run_id: str
    agent: str | None = None
    revision: str | None = None
    absent: str | None = None
    listener: str | None = None
    own_ear: bool = False
    turns: tuple[CounterfactualTurn, ...] = ()

    def of(self, turns: Iterable[TurnResult]) -> dict[str, CounterfactualTurn]:
        """The replays of these turns by their keys; one of a turn that was taken anew since is left out."""
        known = {one.key: one for one in self.turns}
        return {turn.key: known[turn.key] for turn in turns if turn.key in known and known[turn.key].is_of(turn)}


def write(folder: Path, replay: Counterfactual) -> None:
    """Replace the run's replay.json in one step."""
    storage.write_whole(folder / FILE_NAME, f"{replay.model_dump_json(indent=1)}\n".encode())


def read(folder: Path) -> Counterfactual | None:
    """The run's replay.json, None where there is none; InputError names what is wrong with it."""
    file = folder / FILE_NAME
    if not file.exists():
        return None
    try:
        return Counterfactual.model_validate_json(file.read_text(encoding="utf-8"))
    except ValidationError as error:
        what = error.errors()[0]["msg"]
        raise InputError(f"{file}: not a replay: {what}; make it anew: voicelab attribute {folder}") from error
