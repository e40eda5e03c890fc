"""Rate limit for messages that are refused or urgent, which the size limits do not bound."""

from time import perf_counter

from server.messages import MOST_JSON_BYTES, ClientEvent, Heartbeat, Interrupt, Refused

PER_S = 50.0
"""Messages per second. A person interrupts less than once a second."""
BURST = 100.0
"""Number of messages that are read without a pause after a quiet time."""


class Allowance:
    """Token bucket that refills at PER_S. A message counts once, and once more for each 64 KiB of its size."""

    def __init__(self) -> None:
        self._left = BURST
        self._at_s = perf_counter()

    def pause_s(self, event: ClientEvent | Refused | None, size: int) -> float:
        """Return the seconds to pause reading after this message; zero unless it was refused or urgent.

        event: None for a message that the dialect answered itself.
        """
        if event is not None and not isinstance(event, (Refused, Interrupt, Heartbeat)):
            return 0.0
        now_s = perf_counter()
        self._left = min(BURST, self._left + PER_S * (now_s - self._at_s))
        self._at_s = now_s
        self._left -= 1 + size // MOST_JSON_BYTES
        return max(0.0, -self._left / PER_S)
