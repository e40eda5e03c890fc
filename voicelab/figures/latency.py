"""Percentiles of each stage's time, over the turns that were answered and not cold: first_audio_s.p95, ..."""

from collections.abc import Iterator

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
_PLACES: dict[str, dict[str, tuple[Place, ...]]] = {
    "response_s": {"p50": ("report", "compare", "lead"), "p95": ("report", "compare")},
    "first_audio_s": {"p50": ("report", "compare", "lead", "list"), "p95": ("report", "compare")},
    "turn_s": {"p50": ("report", "compare"), "p95": ("report", "compare")},
    "transcript_s": {"p50": ("compare",), "p95": ("compare",)},
    "asr_s": {"p50": ("compare",), "p95": ("compare",)},
}


def _percentiles(stage: str, title: str) -> Iterator[Percentile]:
    # All percentiles of a stage have the same function, by which a comparison remembers its numbers.
    def sample(score: TurnScore) -> float | None:
        value: float | None = getattr(score.turn, stage) if score.timed else None
        return value

    for point, quantile in POINTS.items():
        shown_in = _PLACES.get(stage, {}).get(point, ())
        yield Percentile(
            name=f"{stage}.{point}",
            title=f"{title}, {point}",
            short=f"{title} {point}",
            unit="s" if stage.endswith("_s") else "number",
            sample=sample,
            quantile=quantile,
            stage=stage,
            shown_in=shown_in,
            grouped="report" in shown_in,
            only_with_evidence=stage == "response_s",
        )


FIGURES = tuple(figure for stage, title in STAGES.items() for figure in _percentiles(stage, title))
