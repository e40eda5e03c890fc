"""Percentiles of each stage's time, over the turns that were answered and not cold: first_audio_s.p95, ..."""

from collections.abc import Callable
from functools import cache

from voicelab.figures.figure import Percentile, Place
from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.latency import QUANTILES

STAGES = {
    "response_s": "response as heard",
    "transcript_s": "transcript",
    "reply_text_s": "reply text",
    "first_audio_s": "first sound",
    "turn_s": "whole turn",
    "decode_s": "decode",
    "asr_s": "recognize",
    "asr_busy_s": "recognizer busy",
    "agent_s": "agent",
    "tts_first_s": "first sentence spoken",
    "tts_s": "speak",
    "encode_s": "encode",
    "overhead_s": "overhead",
    "rtf": "real-time factor",
}
"""Every timed stage of a turn (docs/reference/measures.md), and its name."""

POINTS: dict[str, float | None] = {name.removesuffix("_s"): at for name, at in QUANTILES.items()} | {"max": None}
_COMPARED = ("response_s", "transcript_s", "first_audio_s", "turn_s", "asr_s")
_REPORTED = ("response_s", "first_audio_s", "turn_s")


@cache
def _sampler(stage: str) -> Callable[[TurnScore], float | None]:
    def sample(score: TurnScore) -> float | None:
        value: float | None = getattr(score.turn, stage) if score.timed else None
        return value

    return sample


def _places(stage: str, point: str) -> tuple[Place, ...]:
    if point not in ("p50", "p95"):
        return ()
    places: list[Place] = []
    if stage in _REPORTED:
        places.append("report")
    if stage in _COMPARED:
        places.append("compare")
    if point == "p50" and stage in ("response_s", "first_audio_s"):
        places.append("lead")
    if (stage, point) == ("first_audio_s", "p50"):
        places.append("list")
    return tuple(places)


FIGURES = tuple(
    Percentile(
        name=f"{stage}.{point}",
        title=f"{title}, {point}",
        short=f"{title} {point}",
        unit="s" if stage.endswith("_s") else "number",
        sample=_sampler(stage),
        quantile=quantile,
        stage=stage,
        shown_in=_places(stage, point),
        grouped="report" in _places(stage, point),
        only_with_evidence=stage == "response_s",
    )
    for stage, title in STAGES.items()
    for point, quantile in POINTS.items()
)
