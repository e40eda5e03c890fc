"""The share of each group of stages in the total time of the warm turns; the shares add up to 1."""

from collections.abc import Callable

from voicelab.figures.figure import Counts, Figure
from voicelab.figures.scored_turn import TurnScore

GROUPS = {"asr": ("decode_s", "asr_s"), "agent": ("agent_s",), "tts": ("tts_s", "encode_s"), "rest": ("overhead_s",)}
"""The consecutive stages of a turn, grouped by engine; together they are turn_s."""
_TITLES = {"asr": "the recognizer", "agent": "the agent", "tts": "the voice", "rest": "network and queueing"}


def _counter(stages: tuple[str, ...]) -> Callable[[TurnScore], Counts | None]:
    def counts(score: TurnScore) -> Counts | None:
        turn = score.turn
        if not score.timed or turn.overhead_s is None:
            return None
        return {"stages_s": sum(getattr(turn, stage) or 0.0 for stage in stages), "turn_s": turn.turn_s or 0.0}

    return counts


def _share(counts: Counts) -> float | None:
    # Not a Ratio: overhead_s may be negative, and intervals for counts do not apply to times.
    return counts["stages_s"] / counts["turn_s"] if counts["turn_s"] else None


FIGURES = tuple(
    Figure(
        name=f"time_share_{name}",
        title=f"share of the time, {_TITLES[name]}",
        short=f"time {name}",
        better="lower",
        group="time",
        counts=_counter(stages),
        value=_share,
        detail="{stages_s:.2f} of {turn_s:.2f} s",
        least=0.0,
        most=1.0,
        grouped=False,
    )
    for name, stages in GROUPS.items()
)
