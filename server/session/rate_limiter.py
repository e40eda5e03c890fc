"""How fast sound may come in a mode that goes at the pace of speech."""

from __future__ import annotations

from server.messages import ErrorCode, Refused

_MOST_TIMES_REAL = 2.0


class RateLimiter:
    """A bucket that sound fills and time empties, at twice the pace of speech.

    slack_s: how much it holds: what a network that stood still may deliver at once when it goes on.
    """

    def __init__(self, slack_s: float) -> None:
        self._slack_s = slack_s
        self._level_s = 0.0
        self._last_s: float | None = None

    def heard(self, sound_s: float, at_s: float) -> None:
        """Sound of that length came at that instant; Refused when it is more than the bucket holds."""
        passed_s = at_s - self._last_s if self._last_s is not None else 0.0
        self._last_s = at_s
        self._level_s = max(0.0, self._level_s - _MOST_TIMES_REAL * passed_s) + sound_s
        if self._level_s > self._slack_s:
            message = "audio came faster than twice real time; send it as it is spoken, or init with mode 'turns'"
            raise Refused(ErrorCode.TOO_FAST, message)
