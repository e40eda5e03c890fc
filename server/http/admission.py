"""Which connections are served while they are not WebSockets: so many in all, so many of one address, and probes."""

from __future__ import annotations

from functools import lru_cache
from typing import Protocol

from uvicorn.middleware.proxy_headers import _TrustedHosts

from server.clients import ClientCounts

RESERVE = 16
"""How many connections beyond the limit may be open at a time, for as long as it takes to see whether they probe."""


class Visitor(Protocol):
    """A connection, as far as its admission is concerned."""

    @property
    def is_answered(self) -> bool:
        """Whether a request of it is being answered."""

    def turn_away(self, why: str) -> None:
        """Answer that there is no room, and close."""


class Admission:
    """Counts the connections of one process that are not WebSockets.

    Each takes a file descriptor before it asks for anything. One that finds no place waits in a reserve, from which
    only health probes are answered. When the reserve is full, the one that has waited longest makes room, so that
    connections that send nothing cannot keep a probe out.
    """

    def __init__(self, most: int, most_per_address: int) -> None:
        self._most = most
        self._most_per_address = most_per_address
        self._present: dict[Visitor, str | None] = {}
        self._by_address = ClientCounts()
        self._reserve: dict[Visitor, None] = {}

    def admit(self, visitor: Visitor, address: str | None) -> str | None:
        """Give a connection a place; else put it into the reserve and return why. Safe to call again for one of those.

        address: what key_of makes of it, or None for one that does not tell who the client is.
        """
        refusal = self._refusal(address)
        if refusal is None:
            self._reserve.pop(visitor, None)
            self._present[visitor] = address
            self._by_address.take(address)
        elif visitor not in self._reserve:
            self._put_into_reserve(visitor, refusal)
        return refusal

    def demote(self, visitor: Visitor, why: str) -> None:
        """Move a connection whose answer is complete, while its request is not, into the reserve."""
        self.leave(visitor)
        self._put_into_reserve(visitor, why)

    def leave(self, visitor: Visitor) -> None:
        """Give its place back; safe to call twice."""
        self._reserve.pop(visitor, None)
        if visitor in self._present:
            self._by_address.give_back(self._present.pop(visitor))

    def _put_into_reserve(self, visitor: Visitor, why: str) -> None:
        self._reserve[visitor] = None
        if len(self._reserve) > RESERVE:
            next((one for one in self._reserve if not one.is_answered), visitor).turn_away(why)

    def _refusal(self, address: str | None) -> str | None:
        if len(self._present) >= self._most:
            return f"all {self._most} connections besides WebSockets are taken; try again later"
        if self._by_address.taken(address) >= self._most_per_address:
            most = self._most_per_address
            return f"the address {address} has {most} connections, the most it may have (MAX_CONNECTIONS_PER_CLIENT)"
        return None


@lru_cache(maxsize=8)
def _proxies(allowed: str) -> _TrustedHosts:
    return _TrustedHosts(allowed)


def is_proxy(host: str, allowed: str | list[str] | None) -> bool:
    """Whether uvicorn believes this peer which client it speaks for. allowed: as in FORWARDED_ALLOW_IPS."""
    return host in _proxies(allowed if isinstance(allowed, str) else ",".join(allowed or ()))
