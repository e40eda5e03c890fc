"""What each stage lost, and what the recognizer changed, as tables and as the page shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from voicelab.report.wording import CAUSE_NAMES, NONE, estimate, number
from voicelab.runs.records import TurnResult
from voicelab.scoring.schema import Attribution, Loss, Rate, StageLosses, Summary
from voicelab.scoring.turns import TurnScore

if TYPE_CHECKING:
    import pandas as pd

_COLUMNS = ["stage", "entities lost [95 %]", "actions lost [95 %]", "share of the time [95 %]"]


@dataclass(frozen=True, slots=True)
class LossView:
    """What one stage lost in one turn. texts: (what, text), what it was given."""

    key: str
    texts: tuple[tuple[str, str], ...]
    losses: tuple[Loss, ...]

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(loss.note for loss in self.losses if loss.note))


@dataclass(frozen=True, slots=True)
class AttributionView:
    """The section of the page. turns: (stage, its name, what it lost turn by turn), where it lost something."""

    note: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    turns: tuple[tuple[str, str, tuple[LossView, ...]], ...]


def causes(summary: Summary) -> pd.DataFrame:
    """What each stage lost of the expected entities and actions, and its share of the time; the last row is all."""
    import pandas as pd

    rows = _rows(summary.attribution) if summary.attribution is not None else []
    return pd.DataFrame(rows, columns=_COLUMNS).set_index("stage")


def losses(summary: Summary) -> pd.DataFrame:
    """Each lost entity and action with the stage that lost it."""
    import pandas as pd

    found = summary.attribution.losses if summary.attribution is not None else ()
    rows = [(one.key, one.what, one.name, CAUSE_NAMES[one.stage], one.earlier, one.note) for one in found]
    return pd.DataFrame(rows, columns=["turn", "what", "lost", "by", "in an earlier turn", "note"]).set_index("turn")


def equivalence(summary: Summary) -> pd.DataFrame:
    """In how many turns the recognizer changed what the agent does, and what of it; empty where it is not known."""
    import pandas as pd

    found = summary.equivalence
    rows: list[tuple[str, str, str]] = []
    if found is not None and found.absent is None:
        whole = f"{found.changed.part} / {found.changed.whole}"
        rows = [("any of it", estimate(found.changed), whole)]
        names = {
            "intent": "the intent",
            "companies": "the companies",
            "amounts": "the amounts",
            "changes": "the changes to the watchlist",
        }
        for part, name in names.items():
            count, turns = getattr(found, part), found.changed.whole
            rows.append((name, number(count / turns if turns else None), f"{count} / {turns}"))
    return pd.DataFrame(rows, columns=["what changes", "share [95 %]", "turns"]).set_index("what changes")


def why_view(summary: Summary, scores: Sequence[TurnScore]) -> AttributionView:
    """What the page says of the causes."""
    found = summary.attribution
    if found is None:
        return AttributionView("Not in this summary.", (), (), ())
    by_key = {score.turn.key: score.turn for score in scores}
    turns = []
    for stage in ("asr", "agent", "tts"):
        grouped: dict[str, list[Loss]] = {}
        for loss in found.losses:
            if loss.stage == stage:
                grouped.setdefault(loss.key, []).append(loss)
        views = tuple(LossView(key, _texts(by_key[key], stage), tuple(members)) for key, members in grouped.items())
        if views:
            turns.append((stage, CAUSE_NAMES[stage], views))
    return AttributionView(_note(found), tuple(_COLUMNS), tuple(_rows(found)), tuple(turns))


def _texts(turn: TurnResult, stage: str) -> tuple[tuple[str, str], ...]:
    if stage == "tts":
        return (("answered", turn.answer or ""),)
    return ("said", turn.text), ("heard", turn.heard or "nothing")


def _rows(found: Attribution) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for stage in ("asr", "agent", "tts"):
        entities, actions = _lost(found.entities, stage), _lost(found.actions, stage)
        rows.append((CAUSE_NAMES[stage], entities, actions, estimate(found.time[stage])))
    rows.append((CAUSE_NAMES["rest"], "", "", estimate(found.time["rest"])))
    shares = [one.value for one in found.time.values() if one.value is not None]
    rows.append(("all", _lost(found.entities, "lost"), _lost(found.actions, "lost"), number(sum(shares) or None)))
    return rows


def _lost(losses: StageLosses, which: str) -> str:
    rate: Rate | None = getattr(losses, which)
    if rate is None:
        return "not listened to"
    return f"{estimate(rate)}, {rate.part} of {rate.whole}" if rate.whole else NONE


def _note(found: Attribution) -> str:
    if found.absent is not None:
        return f"What each stage lost is not known: {found.absent}."
    parts = [
        f"{found.n} turns were put to the agent again with what was really said. What comes back then was lost by the "
        "recognizer, what is missing even then by the agent."
    ]
    if found.listener is not None:
        ear = found.listener.partition(":")[0]
        parts.append(
            f"The replies were heard again by {ear}: what an answer names and was not heard in its sound counts as "
            "lost by the voice, what that recognizer misses itself included."
        )
        misses = found.listener_misses
        if misses is not None and misses.value is not None:
            parts.append(
                f"Of such names in the requests it missed {misses.part} of {misses.whole}, {estimate(misses)}."
            )
    else:
        parts.append("Entities that the voice lost show when somebody listens: voicelab attribute RUN --listen ASR.")
    if found.unlike:
        parts.append(f"In {found.unlike} turns the agent, asked the same again, gave another answer than in the run.")
    if found.not_scored:
        parts.append(f"{found.not_scored} turns were not scored.")
    return " ".join(parts)
