"""Attribute lost entities and actions to stages.

An entity is expected in the reply of its turn; a company counts once and by any of its names. Action words (`news`,
`add`) are scored by the resulting action. metrics/attribution.py defines the rules.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from voicelab.figures.scored_turn import TurnLosses, TurnScore
from voicelab.metrics.attribution import LossCounts, action_lost_at, entity_lost_at
from voicelab.metrics.entities import Forms, FoundCounts, companies_of
from voicelab.runs.records import TurnResult
from voicelab.scoring.counterfactual_file import AgentOutcome, Counterfactual, CounterfactualTurn
from voicelab.scoring.entity_classes import ExpectedEntity, distinct_entities
from voicelab.scoring.labels import label
from voicelab.scoring.schema import Attribution, Loss
from voicelab.scoring.turns import answer_text

UNREPLAYED = "the agent was not run on the reference transcripts; to do so: voicelab attribute RUN"


@dataclass(frozen=True, slots=True)
class AttributedScores:
    """Scores with the results of their counterfactual turns, and the losses by turn."""

    scores: tuple[TurnScore, ...]
    losses: Mapping[str, tuple[Loss, ...]]


def attributed(scores: Sequence[TurnScore], replay: Counterfactual | None, forms: Forms) -> AttributedScores:
    """Add the changed action and the losses to each score that has a counterfactual turn.

    A turn that failed before its answer has no losses; a turn with an empty transcript has.
    """
    replays = replay.of([score.turn for score in scores]) if replay is not None else {}
    found: list[TurnScore] = []
    losses: dict[str, tuple[Loss, ...]] = {}
    for score in scores:
        one = replays.get(score.turn.key)
        if one is None or replay is None:
            found.append(score)
            continue
        lost = None
        if answer_text(score.turn) is not None:
            lost, losses[score.turn.key] = _losses(score.turn, one, forms, replay)
        found.append(replace(score, equivalence=one.counts, losses=lost))
    return AttributedScores(tuple(found), losses)


def attribution(found: AttributedScores, replay: Counterfactual | None) -> Attribution:
    """List the losses of the turns with a counterfactual that were answered or have an empty transcript.

    found: scores of the primary turns.
    """
    turns = [score.turn for score in found.scores]
    replays = replay.of(turns) if replay is not None else {}
    whole = [score.turn for score in found.scores if score.losses is not None]
    answers = [(turn.answer, transcript.answer) for turn in whole if (transcript := replays[turn.key].transcript)]
    return Attribution(
        absent=absence(replay),
        n=len(whole),
        not_scored=len(turns) - len(whole),
        unlike=sum(given is not None and given != again for given, again in answers),
        listener=replay.listener if replay is not None else None,
        losses=tuple(loss for turn in whole for loss in found.losses[turn.key]),
    )


def absence(replay: Counterfactual | None) -> str | None:
    """Return the reason why the counterfactual is missing, or None if it exists."""
    return replay.absent if replay is not None else UNREPLAYED


def _losses(
    turn: TurnResult, one: CounterfactualTurn, forms: Forms, replay: Counterfactual
) -> tuple[TurnLosses, tuple[Loss, ...]]:
    entities = [_entity(turn, one, entity) for entity in _entities(turn, forms)]
    action = _action(turn, one, forms)
    counts = TurnLosses(
        entities=LossCounts.of(None if loss is None else loss.stage for loss in entities),
        actions=LossCounts.of([None if action is None else action.stage]),
        listened=replay.listener is not None,
        missed=_missed(turn, forms) if replay.own_ear else None,
    )
    return counts, tuple(loss for loss in (*entities, action) if loss is not None)


def _entities(turn: TurnResult, forms: Forms) -> list[ExpectedEntity]:
    entities = [entity for entity in distinct_entities(turn.expected_entities, forms) if entity.kind != "action word"]
    return list({entity.name: entity for entity in entities}.values())


def _entity(turn: TurnResult, replay: CounterfactualTurn, entity: ExpectedEntity) -> Loss | None:
    stage = entity_lost_at(
        with_reference=entity.named_in(replay.references.answer),
        answered=entity.named_in(answer_text(turn) or ""),
        spoken=entity.named_in(replay.spoken) if replay.spoken is not None else None,
    )
    if stage is None:
        return None
    earlier = stage == "asr" and not entity.named_in(replay.reference.answer)
    note = f"the reply's audio was transcribed as “{replay.spoken}”" if stage == "tts" else ""
    return Loss(key=turn.key, what="entity", name=entity.name, stage=stage, earlier=earlier, note=note)


def _action(turn: TurnResult, replay: CounterfactualTurn, forms: Forms) -> Loss | None:
    wanted = replay.references
    stage = action_lost_at(
        reference_right=_right(turn, wanted, forms),
        same=replay.action == wanted.action,
        right=replay.transcript is not None and _right(turn, replay.transcript, forms),
        delivered=turn.failure is None or turn.answer is None,
    )
    if stage is None:
        return None
    earlier = stage == "asr" and replay.action == replay.reference.action
    done = _action_text(replay.transcript)
    note = turn.failure.message if stage == "tts" and turn.failure is not None else f"instead: {done}"
    name = _action_text(wanted) if stage != "agent" else _expected(turn, forms)
    return Loss(key=turn.key, what="action", name=name, stage=stage, earlier=earlier, note=note)


def _right(turn: TurnResult, outcome: AgentOutcome, forms: Forms) -> bool:
    """Whether an action has the sample's expected intent (if any) and all expected companies."""
    intent = turn.expected_intent is None or turn.expected_intent == outcome.intent
    return intent and companies_of(turn.expected_entities, forms) <= set(outcome.companies)


def _action_text(outcome: AgentOutcome | None) -> str:
    """An action in words: `watchlist add: AAPL`."""
    if outcome is None:
        return "none, no speech was recognized"
    changes = [f"{operation} {ticker}" for operation, ticker in outcome.changes]
    parts = [*outcome.companies, *(f"{kind} {value}" for kind, value in outcome.amounts), *changes]
    return f"{label(outcome.intent)}{': ' if parts else ''}{', '.join(parts)}"


def _expected(turn: TurnResult, forms: Forms) -> str:
    companies = sorted(companies_of(turn.expected_entities, forms))
    return f"{label(turn.expected_intent or 'any intent')}{': ' if companies else ''}{', '.join(companies)}"


def _missed(turn: TurnResult, forms: Forms) -> FoundCounts:
    """The entities of the reference that the transcript names too."""
    said = [entity for entity in _entities(turn, forms) if entity.named_in(turn.text)]
    return FoundCounts(len(said), sum(entity.named_in(turn.heard or "") for entity in said))
