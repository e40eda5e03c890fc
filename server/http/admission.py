"""Admission of connections that are not WebSockets: limits in total and per address, and health probes."""

from typing import Protocol

from server.clients import OpenCounts

RESERVE = 16
"""Number of connections that may be open beyond the limit until it is known whether they send a health probe."""


class Candidate(Protocol):
    """A connection, as admission sees it."""

    @property
    def is_answered(self) -> bool:
        """Whether one of its requests is being answered."""

    def turn_away(self, why: str) -> None:
        """Answer 503 with this reason, and close the connection."""


class Admission:
    """Count the connections of one process that are not WebSockets.

    Each connection takes a file descriptor before it sends a request. Connections over the limit wait in a reserve, in
    which only health probes are answered. When the reserve is full, the oldest connection is closed, so that idle
    connections cannot lock out probes.
    """

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._present: dict[Candidate, str | None] = {}
        self._by_address = OpenCounts()
        self._reserve: dict[Candidate, None] = {}

    def admit(self, candidate: Candidate, address: str | None) -> str | None:
        """Admit a connection, or put it into the reserve and return the reason. May be called again for the latter.

        address: the key from key_of, or None for a proxy, whose address does not identify the client.
        """
        refusal = self._refusal(address)
        if refusal is None:
            self._reserve.pop(candidate, None)
            self._present[candidate] = address
            self._by_address.take(address)
        elif candidate not in self._reserve:
            self._put_into_reserve(candidate, refusal)
        return refusal

    def demote(self, candidate: Candidate, why: str) -> None:
        """Move a connection into the reserve: it was answered before its request was complete."""
        self.leave(candidate)
        self._put_into_reserve(candidate, why)

    def leave(self, candidate: Candidate) -> None:
        """Remove a connection; may be called twice."""
        self._reserve.pop(candidate, None)
        if candidate in self._present:
            self._by_address.give_back(self._present.pop(candidate))

    def _put_into_reserve(self, candidate: Candidate, why: str) -> None:
        self._reserve[candidate] = None
        if len(self._reserve) > RESERVE:
            next((one for one in self._reserve if not one.is_answered), candidate).turn_away(why)

    def _refusal(self, address: str | None) -> str | None:
        if len(self._present) >= self._most:
            return f"all {self._most} connections besides WebSockets are in use; try again later"
        if self._by_address.taken(address) >= self._most_per_address:
            most = self._most_per_address
            return f"the address {address} already has {most} connections (MAX_CONNECTIONS_PER_CLIENT); close some"
        return None
