"""Warnings about turns whose times as heard are missing."""

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
    return (f"response times: {len(missing)} of {len(answered)} answered turns are not used ({_counted(missing)})",)


def unused_over_replies(turns: Sequence[TurnResult]) -> tuple[str, ...]:
    """One sentence that counts the replies that should be spoken over and say nothing about the agent, by reason."""
    over = [turn.over_reply for turn in turns if turn.over_reply is not None and turn.status == "answered"]
    missing = [one.missing for one in over if one.missing is not None]
    if not missing:
        return ()
    what = "yield latency, yield rate, selectivity"
    return (f"{what}: {len(missing)} of {len(over)} turns are not used ({_counted(missing)})",)


def _counted(missing: Sequence[str]) -> str:
    """The reasons with their counts. Reasons that differ only in their milliseconds count as one."""
    reasons = Counter(_NUMBER.sub("N", reason) for reason in missing)
    return "; ".join(f"{count}: {reason.replace('N ms', 'over 100 ms')}" for reason, count in reasons.most_common())
