"""A warning about turns of a realtime run that have no response time."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from voicelab.audio.incoming import Mode
from voicelab.runs.records import TurnResult

_NUMBER = re.compile(r"\d+")


def unused_times(mode: Mode, turns: Sequence[TurnResult]) -> tuple[str, ...]:
    """One sentence that counts the answered turns without a response time by reason; empty if all have one."""
    if mode != "realtime":
        return ()
    answered = [turn for turn in turns if turn.status == "answered"]
    missing = [turn.response_missing for turn in answered if turn.response_s is None and turn.response_missing]
    if not missing:
        return ()
    # Reasons that differ only in their milliseconds count as one.
    reasons = Counter(_NUMBER.sub("N", reason) for reason in missing)
    listed = "; ".join(f"{count}: {reason.replace('N ms', 'over 100 ms')}" for reason, count in reasons.most_common())
    return (f"response times: {len(missing)} of {len(answered)} answered turns are not used ({listed})",)
