"""Who a connection belongs to, and how many places each client takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address, ip_network

_PREFIX = 64
"""The bits of an IPv6 address that one customer of a provider cannot choose."""


def key_of(host: str | None, user: str | None = None) -> str | None:
    """What counts as one client: a user whose token was shown, else an address; None where neither is known.

    IPv6 addresses of one /64 network count as one, for a single machine may take any of them.
    """
    if user is not None:
        return f"user {user}"
    if host is None:
        return None
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, IPv6Address) and address.ipv4_mapped is None:
        return str(ip_network((address, _PREFIX), strict=False))
    return str(getattr(address, "ipv4_mapped", None) or address)


class ClientCounts:
    """How many places of one kind each client has taken; a client that is not known is not counted."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def taken(self, client: str | None) -> int:
        """How many places this client has."""
        return 0 if client is None else self._taken[client]

    def take(self, client: str | None) -> None:
        """Take one more."""
        if client is not None:
            self._taken[client] += 1

    def give_back(self, client: str | None) -> None:
        """Give one back; who has none left is forgotten."""
        if client is None:
            return
        self._taken[client] -= 1
        if self._taken[client] <= 0:
            del self._taken[client]

    @contextmanager
    def held(self, client: str | None) -> Iterator[None]:
        """Hold a place while the block runs."""
        self.take(client)
        try:
            yield
        finally:
            self.give_back(client)
