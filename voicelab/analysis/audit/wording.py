"""Text of an audit for the terminal and the notebook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from voicelab.analysis.audit.agreement import Agreement
from voicelab.analysis.audit.audit import Method, Suspect
from voicelab.report.frames import data_frame
from voicelab.report.wording import estimate

if TYPE_CHECKING:
    import pandas as pd

    from voicelab.analysis.audit.effect import Change

SCORES: dict[Method, str] = {
    "agreement": "distance of the systems to the reference minus their distance to each other, -1 to 1",
    "alignment": "log-likelihood ratio of the hypothesis over the reference, nats per frame",
}


def why(one: Suspect) -> str:
    """The components of a suspect's score."""
    because = one.because
    if isinstance(because, Agreement):
        return f"{because.to_reference:.2f} from the reference, {because.among_systems:.2f} from each other"
    guessed = f"eSpeak NG pronounced: {', '.join(because.guessed)}" if because.guessed else ""
    place = because.problem or "no word fits worse"
    if because.worst_word is not None:
        place = f"{because.worst_word!r} at {because.from_s:.2f} to {because.to_s:.2f} s"
    return "; ".join(filter(None, (place, guessed)))


def ranking(suspects: tuple[Suspect, ...]) -> pd.DataFrame:
    """One row per suspect, in rank order."""
    rows = [
        {"rank": rank, "score": one.score, "sample": one.sample_id, "reference": one.reference, **one.heard}
        | {"why": why(one)}
        for rank, one in enumerate(suspects, start=1)
    ]
    return data_frame(rows, index="rank")


def changes(found: list[Change]) -> pd.DataFrame:
    """One row per figure, with the old and the new labels."""
    rows = [(one.figure, estimate(one.before), estimate(one.after)) for one in found]
    return data_frame(rows, ["figure", "before", "after"], index="figure")
