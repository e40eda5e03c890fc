"""Success of scenarios, that is, whole conversations."""

from collections.abc import Sequence

from voicelab.datasets import Scenario
from voicelab.metrics.entities import mentions
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import ScenarioOutcome
from voicelab.scoring.turns import session_text


def scenario_outcomes(turns: Sequence[TurnResult], known: Sequence[Scenario]) -> tuple[ScenarioOutcome, ...]:
    """A scenario succeeds when every turn got a reply and every expected session entity is in the session."""
    taken: dict[str, list[TurnResult]] = {}
    for turn in turns:
        if turn.scenario_id is not None:
            taken.setdefault(turn.scenario_id, []).append(turn)
    plans = {scenario.id: scenario for scenario in known}
    return tuple(_outcome(name, members, plans.get(name)) for name, members in taken.items())


def _outcome(name: str, turns: list[TurnResult], plan: Scenario | None) -> ScenarioOutcome:
    answered = sum(turn.status == "answered" for turn in turns)
    speakers = {turn.speaker for turn in turns}
    expected = plan.expected_session_entities if plan is not None else None
    text = session_text(turns)
    missing = tuple(entity for entity in expected or () if not mentions(text, entity))
    success: bool | None
    if answered < len(turns):
        success, note = False, f"{len(turns) - answered} of {len(turns)} turns got no reply"
    elif plan is None:
        success, note = None, "the expected entities are unknown: the sample set was moved or has changed"
    elif len(turns) < len(plan.turns):
        success, note = None, f"{len(turns)} of {len(plan.turns)} turns were run"
    else:
        success, note = not missing, ""
    return ScenarioOutcome(
        id=name,
        speaker=speakers.pop() if len(speakers) == 1 else None,
        turns=len(turns),
        answered=answered,
        success=success,
        expected=expected,
        missing=missing,
        note=note,
    )
