"""How fast messages are read that cost the client nothing: those that are refused, and those that may overtake."""

from __future__ import annotations

from time import perf_counter

from server.messages import MOST_JSON_BYTES, ClientEvent, Heartbeat, Interrupt, Refused

PER_S = 50.0
"""How many such messages are read each second. A person interrupts less than once a second."""
BURST = 100.0
"""How many are read without a pause after a quiet time."""


class Allowance:
    """Counts them in a bucket that fills at PER_S. A refused message counts once for each 64 KiB that it holds."""

    def __init__(self) -> None:
        self._left = BURST
        self._at_s = perf_counter()

    def pause_s(self, event: ClientEvent | Refused, size: int) -> float:
        """How long to read nothing after this message; zero for all that are neither refused nor urgent."""
        if not isinstance(event, (Refused, Interrupt, Heartbeat)):
            return 0.0
        return self.pause_for_answer_s(size)

    def pause_for_answer_s(self, size: int) -> float:
        """The same for a message that was answered at once, without an event for the session."""
        now_s = perf_counter()
        self._left = min(BURST, self._left + PER_S * (now_s - self._at_s))
        self._at_s = now_s
        self._left -= 1 + size // MOST_JSON_BYTES
        return max(0.0, -self._left / PER_S)
