"""Limit the rate of incoming audio in real-time modes."""

from server.messages import ErrorCode, Refused

_MOST_TIMES_REAL = 2.0


class RateLimiter:
    """Leaky bucket that audio fills and that drains at twice real time.

    slack_s: capacity in seconds of audio; a network may deliver that much at once after a pause.
    """

    def __init__(self, slack_s: float) -> None:
        self._slack_s = slack_s
        self._level_s = 0.0
        self._last_s: float | None = None

    def add(self, sound_s: float, at_s: float) -> None:
        """Add audio of `sound_s` seconds that arrived at `at_s`. Raises Refused when the bucket overflows."""
        passed_s = at_s - self._last_s if self._last_s is not None else 0.0
        self._last_s = at_s
        self._level_s = max(0.0, self._level_s - _MOST_TIMES_REAL * passed_s) + sound_s
        if self._level_s > self._slack_s:
            message = "audio arrived faster than twice real time; send it in real time, or init with mode 'turns'"
            raise Refused(ErrorCode.TOO_FAST, message)
