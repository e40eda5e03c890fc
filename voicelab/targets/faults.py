"""Codes of failed turns: who caused each, and which ones `--resume` repeats."""

from typing import Literal

Owner = Literal["agent", "harness"]
"""agent: the measured voice agent. harness: the sample, the connection, or this program."""

CONNECTION_LOST = "connection_lost"
NO_REPLY = "no_reply"
GOING_AWAY = "going_away"
BAD_REPLY = "bad_reply"
"""The target broke its protocol."""

CONNECTION_FAULTS = frozenset({CONNECTION_LOST, NO_REPLY, GOING_AWAY})
"""Failures unrelated to the turn itself; `--resume` repeats these turns."""

_OF_HARNESS = frozenset({
    CONNECTION_LOST, GOING_AWAY, "bad_sample", "damaged_recording",
    "bad_audio", "no_audio", "bad_base64", "bad_json", "bad_message",
    "unknown_event", "message_too_large", "unknown_session", "already_initialized", "unsupported_mode", "forbidden",
    "too_fast", "too_far_ahead", "idle",
})  # fmt: skip


def owner_of(code: str) -> Owner:
    """Return who caused a failure. Unknown codes come from the agent."""
    return "harness" if code in _OF_HARNESS else "agent"
