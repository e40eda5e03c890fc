"""Identify the client of a connection, and count open connections per client or session."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

_PREFIX = 64
"""Network bits of an IPv6 address. A provider usually gives each customer a whole /64."""


def key_of(host: str | None, user: str | None = None) -> str | None:
    """Return the key that identifies a client: the token's user, else the address; None when neither is known.

    IPv6 addresses of one /64 network share a key, because one machine can use any of them.
    """
    if user is not None:
        return f"user {user}"
    address = None if host is None else address_of(host)
    if address is None:
        return host
    return str(ip_network((address, _PREFIX), strict=False) if isinstance(address, IPv6Address) else address)


def address_of(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address; an IPv4 address even if it is mapped to IPv6. None for a name."""
    try:
        address = ip_address(host.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


class OpenCounts:
    """Number of open connections per key, which is a client or a session. An unknown client (None) is not counted."""

    def __init__(self) -> None:
        self._taken: Counter[str] = Counter()

    def taken(self, key: str | None) -> int:
        """Return the number of connections of this key."""
        return 0 if key is None else self._taken[key]

    def take(self, key: str | None) -> None:
        """Count one more connection."""
        if key is not None:
            self._taken[key] += 1

    def give_back(self, key: str | None) -> None:
        """Count one connection less, and forget a key that has none left."""
        if key is None:
            return
        self._taken[key] -= 1
        if self._taken[key] <= 0:
            del self._taken[key]

    @contextmanager
    def held(self, key: str | None) -> Iterator[None]:
        """Count a connection while the block runs."""
        self.take(key)
        try:
            yield
        finally:
            self.give_back(key)
