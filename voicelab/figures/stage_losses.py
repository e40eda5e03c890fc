"""The share of expected entities and actions that each stage lost: a figure for each stage and for the total."""

from collections.abc import Callable

from voicelab.figures.figure import Counts, Figure, Ratio
from voicelab.figures.scored_turn import TurnLosses, TurnScore
from voicelab.metrics.attribution import LossCounts

STAGE_TITLES = {"": "all stages", "asr": "the recognizer", "agent": "the agent", "tts": "the voice"}
_Of = Callable[[TurnLosses], LossCounts]


def _counter(of: _Of, stage: str, *, heard: bool) -> Callable[[TurnScore], Counts | None]:
    """Return a counting function. heard: only turns with a transcribed reply, because losses of the voice need it."""

    def counts(score: TurnScore) -> Counts | None:
        losses = score.losses
        if losses is None or (heard and not losses.listened):
            return None
        found = of(losses)
        return {"lost": getattr(found, stage or "lost"), "expected": found.expected}

    return counts


def _figure(what: str, of: _Of, stage: str) -> Figure:
    return Figure(
        name=f"{what}_lost_{stage}" if stage else f"{what}_lost",
        title=f"{what} lost by {STAGE_TITLES[stage]}",
        short=f"{what} {stage or 'lost'}",
        better="lower",
        group="losses",
        counts=_counter(of, stage, heard=what == "entities" and stage == "tts"),
        value=Ratio("lost", "expected"),
        detail=f"{{part}} of {{of}} {what}",
    )


def _listener(score: TurnScore) -> Counts | None:
    missed = score.losses.missed if score.losses is not None else None
    return None if missed is None else {"missed": missed.expected - missed.found, "expected": missed.expected}


LISTENER_MISSES = Figure(
    name="listener_misses",
    title="entities that the listening recognizer misses",
    short="listener",
    better="lower",
    group="losses",
    counts=_listener,
    value=Ratio("missed", "expected"),
    detail="{part} of {of} entities",
    grouped=False,
)

FIGURES = (
    *(_figure("entities", lambda losses: losses.entities, stage) for stage in STAGE_TITLES),
    *(_figure("actions", lambda losses: losses.actions, stage) for stage in STAGE_TITLES),
    LISTENER_MISSES,
)
