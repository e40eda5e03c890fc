"""Plans the turns and sessions of a run, and finds the turns already done."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from voicelab.datasets import Sample, SampleSet
from voicelab.runs.records import TurnResult


@dataclass(frozen=True, slots=True)
class PlannedTurn:
    """A turn to run."""

    key: str
    sample: Sample
    number: int
    primary: bool


@dataclass(frozen=True, slots=True)
class PlannedConversation:
    """The turns of one session. scenario_id: None for a single sample."""

    id: str
    scenario_id: str | None
    turns: tuple[PlannedTurn, ...]


def plan(samples: SampleSet) -> tuple[PlannedConversation, ...]:
    """Plan one session per sample, then one per scenario.

    A sample that requires context and belongs to a scenario is only spoken there, after the turns it depends on; that
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
            turns.append(PlannedTurn(key, sample, number, primary))
        scenarios.append(PlannedConversation(scenario.id, scenario.id, tuple(turns)))
    alone = [sample for sample in samples.samples if sample.id not in in_context]
    singles = (PlannedConversation(sample.id, None, (PlannedTurn(sample.id, sample, 1, True),)) for sample in alone)
    return (*singles, *scenarios)


def _scenario_key(scenario_id: str, number: int, sample_ids: set[str]) -> str:
    """Return `greeting/2`, with additional slashes until it differs from the samples' keys (their ids)."""
    stroke = "/"
    while (key := f"{scenario_id}{stroke}{number}") in sample_ids:
        stroke += "/"
    return key


def done_turns(conversations: Iterable[PlannedConversation], turns: Mapping[str, TurnResult]) -> dict[str, TurnResult]:
    """Return the turns that need not be repeated, by key.

    A conversation continues at its first missing or disconnected turn, because later turns depend on its context.
    """
    done: dict[str, TurnResult] = {}
    for conversation in conversations:
        for planned in conversation.turns:
            turn = turns.get(planned.key)
            if turn is None or turn.lost_connection:
                break
            done[planned.key] = turn
    return done
