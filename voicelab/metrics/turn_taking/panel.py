"""Turn-taking figures of one or many conversations: pooled events, no averages of rates."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean

from voicelab.metrics.turn_taking.events import TurnTakingEvents


@dataclass(frozen=True, slots=True)
class TurnTakingFigure:
    """value: None without events. n: number of events."""

    name: str
    title: str
    unit: str
    value: float | None
    n: int


def panel(conversations: Iterable[TurnTakingEvents]) -> tuple[TurnTakingFigure, ...]:
    """Return the eight figures of τ-voice. Latencies are in seconds, the others are rates.

    Agent interruptions are counted per turn that requires a response, so this rate may exceed 1.
    """
    events = list(conversations)
    responses = [one for conversation in events for one in conversation.responses]
    yields = [one for conversation in events for one in conversation.yields]
    interruptions = sum(conversation.agent_interruptions for conversation in events)
    kinds = {
        "backchannel": "backchannels talked through",
        "vocal_tic": "coughs and vocal tics ignored",
        "non_directed": "speech to others ignored",
    }
    return (
        _mean("response_latency", "response latency, mean", responses),
        _rate("response_rate", "response rate", [one is not None for one in responses]),
        _mean("yield_latency", "yield latency, mean", yields),
        _rate("yield_rate", "yield rate", [one is not None for one in yields]),
        TurnTakingFigure(
            "agent_interruptions",
            "agent interruptions per turn",
            "ratio",
            interruptions / len(responses) if responses else None,
            interruptions,
        ),
        *(
            _rate(f"selectivity_{kind}", title, [one for conversation in events for one in conversation.ignored[kind]])
            for kind, title in kinds.items()
        ),
    )


def _mean(name: str, title: str, values: Sequence[float | None]) -> TurnTakingFigure:
    known = [value for value in values if value is not None]
    return TurnTakingFigure(name, title, "seconds", fmean(known) if known else None, len(known))


def _rate(name: str, title: str, outcomes: Sequence[bool]) -> TurnTakingFigure:
    return TurnTakingFigure(name, title, "ratio", sum(outcomes) / len(outcomes) if outcomes else None, len(outcomes))
