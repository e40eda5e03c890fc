"""Precision and recall of the agent's companies for other thresholds."""

from collections.abc import Sequence

from voicelab.figures.scored_turn import TurnScore
from voicelab.metrics.entities import FoundCounts
from voicelab.runs.records import RunResult
from voicelab.scoring.schema import LinkerSummary, ThresholdPoint

THRESHOLDS = tuple(percent / 100 for percent in range(60, 101, 5))
_NOTE = "Each turn records its 3 best candidates, so recall at low thresholds may be slightly too low."


def linker_summary(run: RunResult, scores: Sequence[TurnScore]) -> LinkerSummary:
    """Precision and recall over the thresholds, from the recorded candidates of each turn."""
    agent = run.engine("agent")
    used = agent.options.get("threshold") if agent is not None else None
    scored = [score for score in scores if score.agent is not None]
    named = any(score.turn.candidates for score in scored)
    return LinkerSummary(
        threshold_used=float(used) if isinstance(used, int | float) else None,
        n=len(scored),
        note=_NOTE if named else "The agent reports no candidates.",
        points=tuple(_point(threshold, scored) for threshold in THRESHOLDS) if named else (),
    )


def _point(threshold: float, scores: Sequence[TurnScore]) -> ThresholdPoint:
    total = sum((_claims(score, threshold) for score in scores), FoundCounts())
    counts = {name: getattr(total, name) for name in ("found", "unexpected", "precision", "recall", "f1")}
    return ThresholdPoint(threshold=threshold, missed=total.expected - total.found, **counts)


def _claims(score: TurnScore, threshold: float) -> FoundCounts:
    named = (entity for entity in score.turn.candidates if entity["kind"] == "company")
    claimed = frozenset(entity["value"] for entity in named if entity["score"] >= threshold)
    wanted = score.companies
    return FoundCounts(len(wanted), len(wanted & claimed), len(claimed - wanted))
