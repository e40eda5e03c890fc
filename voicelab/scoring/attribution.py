"""Why it failed: what each stage lost of the expected entities and actions, and where the time went.

An entity is expected in the reply of its turn, a company once and by any of its names. Words to act on (`news`, `add`)
are judged by the action that they ask for. The rules are those of metrics/attribution.py.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from voicelab.metrics.attribution import LossCounts, Stage, action_lost_at, entity_lost_at
from voicelab.metrics.entities import Forms, FoundCounts, companies_of
from voicelab.runs.records import TurnResult
from voicelab.scoring.action_equivalence import absence
from voicelab.scoring.counterfactual_file import AgentOutcome, Counterfactual, CounterfactualTurn
from voicelab.scoring.entity_classes import ExpectedEntity, expected_things
from voicelab.scoring.intervals import Clusters, FigureIntervals
from voicelab.scoring.labels import label
from voicelab.scoring.schema import Attribution, Estimate, Loss, Rate, StageLosses
from voicelab.scoring.turns import TurnScore, answer_text

GROUPS = {"asr": ("decode_s", "asr_s"), "agent": ("agent_s",), "tts": ("tts_s", "encode_s"), "rest": ("overhead_s",)}
"""The stages of a turn that follow one after the other, by whose they are; together they are turn_s."""


@dataclass(frozen=True, slots=True)
class TurnLosses:
    """One turn's losses and their counts."""

    entities: LossCounts
    actions: LossCounts
    losses: tuple[Loss, ...]


def attribution(
    scores: Sequence[TurnScore], replay: Counterfactual | None, forms: Forms, sure: FigureIntervals
) -> Attribution:
    """The losses of the turns that were answered (or in which nothing was heard) and have a replay."""
    replays = replay.of([score.turn for score in scores]) if replay is not None else {}
    whole = [score for score in scores if score.turn.key in replays and answer_text(score.turn) is not None]
    found_in = {score.turn.key: turn_losses(score.turn, replays[score.turn.key], forms) for score in whole}
    listener = replay.listener if replay is not None else None

    def losses(counts: Callable[[TurnLosses], LossCounts], *, spoken: bool) -> StageLosses:
        def share(part: Callable[[LossCounts], int]) -> Rate:
            return sure.share(whole, lambda score: counts(found_in[score.turn.key]), part, lambda c: c.expected)

        tts = share(lambda c: c.tts) if spoken else None
        return StageLosses(
            lost=share(lambda c: c.lost), asr=share(lambda c: c.asr), agent=share(lambda c: c.agent), tts=tts
        )

    return Attribution(
        absent=absence(replay),
        n=len(whole),
        not_scored=len(scores) - len(whole),
        unlike=sum(_unlike(score.turn, replays[score.turn.key]) for score in whole),
        listener=listener,
        listener_misses=_misses(whole, forms, sure) if replay is not None and replay.own_ear else None,
        entities=losses(lambda turn: turn.entities, spoken=listener is not None),
        actions=losses(lambda turn: turn.actions, spoken=True),
        time=_time([score.turn for score in scores], sure),
        losses=tuple(loss for score in whole for loss in found_in[score.turn.key].losses),
    )


def turn_losses(turn: TurnResult, replay: CounterfactualTurn, forms: Forms) -> TurnLosses:
    """What one turn lost, and where."""
    losses: list[Loss] = []
    stages = [_entity(turn, replay, thing, losses) for thing in _things(turn, forms)]
    action = _action(turn, replay, forms, losses)
    return TurnLosses(LossCounts.of(stages), LossCounts.of([action]), tuple(losses))


def _things(turn: TurnResult, forms: Forms) -> list[ExpectedEntity]:
    things = [thing for thing in expected_things(turn.expected_entities, forms) if thing.kind != "action word"]
    return list({thing.name: thing for thing in things}.values())


def _entity(turn: TurnResult, replay: CounterfactualTurn, thing: ExpectedEntity, losses: list[Loss]) -> Stage | None:
    stage = entity_lost_at(
        with_reference=thing.named_in(replay.references.answer),
        answered=thing.named_in(answer_text(turn) or ""),
        spoken=thing.named_in(replay.spoken) if replay.spoken is not None else None,
    )
    if stage is not None:
        earlier = stage == "asr" and not thing.named_in(replay.reference.answer)
        note = f"the reply's sound was heard as “{replay.spoken}”" if stage == "tts" else ""
        losses.append(Loss(key=turn.key, what="entity", name=thing.name, stage=stage, earlier=earlier, note=note))
    return stage


def _action(turn: TurnResult, replay: CounterfactualTurn, forms: Forms, losses: list[Loss]) -> Stage | None:
    wanted = replay.references
    stage = action_lost_at(
        reference_right=_right(turn, wanted, forms),
        same=replay.action == wanted.action,
        right=replay.transcript is not None and _right(turn, replay.transcript, forms),
        delivered=turn.failure is None or turn.answer is None,
    )
    if stage is not None:
        earlier = stage == "asr" and replay.action == replay.reference.action
        done = _told(replay.transcript)
        note = turn.failure.message if stage == "tts" and turn.failure is not None else f"instead: {done}"
        name = _told(wanted) if stage != "agent" else _expected(turn, forms)
        losses.append(Loss(key=turn.key, what="action", name=name, stage=stage, earlier=earlier, note=note))
    return stage


def _right(turn: TurnResult, asked: AgentOutcome, forms: Forms) -> bool:
    """Whether it is what the sample expects: the intent, where it states one, and all companies that it names."""
    intent = turn.expected_intent is None or turn.expected_intent == asked.intent
    return intent and companies_of(turn.expected_entities, forms) <= set(asked.companies)


def _told(asked: AgentOutcome | None) -> str:
    """An action in words: `watchlist add: AAPL`."""
    if asked is None:
        return "nothing, no speech was heard"
    changes = [f"{operation} {ticker}" for operation, ticker in asked.changes]
    parts = [*asked.companies, *(f"{kind} {value}" for kind, value in asked.amounts), *changes]
    return f"{label(asked.intent)}{': ' if parts else ''}{', '.join(parts)}"


def _expected(turn: TurnResult, forms: Forms) -> str:
    companies = sorted(companies_of(turn.expected_entities, forms))
    return f"{label(turn.expected_intent or 'any intent')}{': ' if companies else ''}{', '.join(companies)}"


def _unlike(turn: TurnResult, replay: CounterfactualTurn) -> bool:
    return replay.transcript is not None and turn.answer is not None and replay.transcript.answer != turn.answer


def _misses(scores: Sequence[TurnScore], forms: Forms, sure: FigureIntervals) -> Rate:
    """Of the entities that the references name, those that the transcripts do not."""

    def counts(score: TurnScore) -> FoundCounts:
        said = [thing for thing in _things(score.turn, forms) if thing.named_in(score.turn.text)]
        return FoundCounts(len(said), sum(thing.named_in(score.turn.heard or "") for thing in said))

    return sure.share(scores, counts, lambda c: c.expected - c.found, lambda c: c.expected)


def _time(turns: Iterable[TurnResult], sure: FigureIntervals) -> dict[str, Estimate]:
    """Each group's share of the summed time of the warm turns whose every stage is known."""
    warm = [turn for turn in turns if turn.status == "answered" and not turn.cold and turn.overhead_s is not None]
    clusters = Clusters.of(warm)
    whole = [turn.turn_s or 0.0 for turn in warm]
    shares = {}
    for name, stages in GROUPS.items():
        parts = [sum(getattr(turn, stage) or 0.0 for stage in stages) for turn in warm]
        value = sum(parts) / sum(whole) if sum(whole) else None
        shares[name] = sure.statistic(
            value, [parts, whole], lambda sums: sums[:, 0] / sums[:, 1], clusters, least=0.0, most=1.0
        )
    return shares
