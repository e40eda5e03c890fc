"""replay.json of a run: the agent's actions on the reference texts and on the transcripts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from voicelab.metrics.equivalence import Action, EquivalenceCounts, compare
from voicelab.runs.record_file import Record, read_record, write_record
from voicelab.runs.records import TurnResult

FILE_NAME = "replay.json"
NO_SPEECH = Action("(no speech)")
"""The action of a turn with an empty transcript: the agent is not called."""


class AgentOutcome(Record):
    """The agent's action on a text.

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


class CounterfactualTurn(Record):
    """The agent's actions of a turn, re-run on text.

    transcript: on the transcript, after the dialogue of the transcripts; None for an empty transcript. reference: on
    the reference text, after the same dialogue. references: on the reference texts of this turn and all earlier ones.
    spoken: transcript of the recorded reply; None if it was not transcribed.
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
        """The action on the transcript."""
        return self.transcript.action if self.transcript is not None else NO_SPEECH

    @property
    def counts(self) -> EquivalenceCounts:
        """The parts of the action that the transcript changes, with the same earlier dialogue."""
        return compare(self.reference.action, self.action)

    def is_of(self, turn: TurnResult) -> bool:
        """Whether this is the counterfactual of the turn's current result."""
        return (self.key, self.text, self.heard) == (turn.key, turn.text, turn.heard)


class Counterfactual(Record):
    """The content of replay.json. absent: why there are no turns; agent and revision: the agent that was re-run.

    listener: the recognizer that transcribed the replies, with its options; own_ear: it is the run's own.
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
        """The counterfactuals of these turns by key; outdated ones of repeated turns are left out."""
        known = {one.key: one for one in self.turns}
        return {turn.key: known[turn.key] for turn in turns if turn.key in known and known[turn.key].is_of(turn)}


def write(folder: Path, replay: Counterfactual) -> None:
    """Replace the run's replay.json atomically."""
    write_record(folder / FILE_NAME, replay)


def read(folder: Path) -> Counterfactual | None:
    """Read the run's replay.json; None if it does not exist. InputError describes an error in it."""
    file = folder / FILE_NAME
    if not file.exists():
        return None
    return read_record(file, Counterfactual, "a replay", f"write it again: voicelab attribute {folder}")
