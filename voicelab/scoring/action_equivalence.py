"""Tool equivalence: in how many turns did the recognizer change what the agent does?"""

from __future__ import annotations

from collections.abc import Sequence

from voicelab.metrics.equivalence import EquivalenceCounts
from voicelab.scoring.counterfactual_file import Counterfactual
from voicelab.scoring.intervals import FigureIntervals
from voicelab.scoring.schema import EquivalenceSummary
from voicelab.scoring.turns import TurnScore

UNREPLAYED = "the turns were not put to the agent again; do it: voicelab attribute RUN"


def equivalence_summary(
    scores: Sequence[TurnScore], replay: Counterfactual | None, sure: FigureIntervals
) -> EquivalenceSummary:
    """Over the turns that have a replay; a turn that was not recognized, or has none, is not scored."""
    replays = replay.of([score.turn for score in scores]) if replay is not None else {}
    total = sum((one.counts for one in replays.values()), EquivalenceCounts())

    def counts(score: TurnScore) -> EquivalenceCounts | None:
        return replays[score.turn.key].counts if score.turn.key in replays else None

    return EquivalenceSummary(
        absent=absence(replay),
        not_scored=len(scores) - len(replays),
        changed=sure.share(scores, counts, lambda c: c.changed, lambda c: c.turns),
        intent=total.intent,
        companies=total.companies,
        amounts=total.amounts,
        changes=total.changes,
        calls=total.calls,
    )


def absence(replay: Counterfactual | None) -> str | None:
    """Why nothing is known of what the agent does with the references; None where it is."""
    return replay.absent if replay is not None else UNREPLAYED
