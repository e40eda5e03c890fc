"""Hold or refuse requests of clients that have used more than their share of the event loop, before they are parsed."""

import asyncio
import re
import select
from collections import Counter

from uvicorn.middleware.proxy_headers import _TrustedHosts

from server.clients import OpenCounts, key_of
from server.http.paths import OPENAI_PREFIX, PROBES
from server.loop_share import LoopShare
from voicelab.engines.pool.clients import client_scope

_FORWARDED_FOR = re.compile(rb"^x-forwarded-for[ \t]*:[ \t]*([^\r\n]*)", re.IGNORECASE | re.MULTILINE)
_PROBE = re.compile(rb"(?:GET|HEAD) [^\s?]*(?:" + "|".join(PROBES).encode() + rb")[ ?]")
_OPENAI = re.compile(rb"\S+ [^\s?]*" + OPENAI_PREFIX.encode() + rb"[/ ?]")
_AT_ONCE = 8
"""Number of requests of one client that are parsed in one iteration of the event loop. Further ones wait in a queue."""
_LONGEST_HEAD = 16_384
_HAS_LEFT = getattr(select, "POLLRDHUP", 0) | select.POLLHUP | select.POLLERR


class Arrivals:
    """Requests from their first bytes to the end of their response, by the address that sends them.

    What is refused or has to wait here has not been parsed. A burst of a few hundred requests would otherwise keep the
    event loop busy for as long as it takes to parse them all.

    most: requests that one address may have open.
    """

    def __init__(self, share: LoopShare, most: int) -> None:
        self._share = share
        self._most = most
        self._open = OpenCounts()
        self._just_begun: Counter[str | None] = Counter()

    def refusal(self, client: str | None) -> str | None:
        """Return why the client may not begin another request; None if it may."""
        if self._open.taken(client) < self._most:
            return None
        most = f"{self._most} open requests, the most it may have (MAX_CONNECTIONS_PER_CLIENT)"
        return f"the address {client} has {most}; close some"

    def begin(self, client: str | None) -> None:
        """Count a request as open."""
        self._open.take(client)
        if not self._just_begun:
            asyncio.get_running_loop().call_soon(self._just_begun.clear)
        self._just_begun[client] += 1

    def end(self, client: str | None) -> None:
        """Count a request as closed."""
        self._open.give_back(client)

    def has_to_wait(self, client: str | None) -> bool:
        """Return whether the client has used more than its share of the loop, or sends many requests at once."""
        return client is not None and (self._share.is_over(client) or self._just_begun[client] > _AT_ONCE)

    async def turn(self, client: str | None) -> None:
        """Wait until it is this request's turn."""
        with client_scope(client):
            await self._share.turn_in_queue(client)


def is_probe(head: bytes) -> bool:
    """Return whether these first bytes of a request are those of a health probe."""
    return _PROBE.match(head) is not None


def is_openai(head: bytes) -> bool:
    """Return whether these first bytes of a request are for the OpenAI-compatible API."""
    return _OPENAI.match(head) is not None


def client_of(host: str | None, head: bytes, proxies: _TrustedHosts) -> str | None:
    """Return the key of the address that sends a request, found without parsing the request.

    host: address of the peer. head: the first bytes of the request. The result is None if the peer is a proxy and
    these bytes do not name its client.
    """
    if host is None or host not in proxies:
        return key_of(host)
    named = _FORWARDED_FOR.findall(head[:_LONGEST_HEAD].partition(b"\r\n\r\n")[0])
    return key_of(proxies.get_trusted_client_address(named[-1].decode("latin-1"))[0]) if named else None


def has_left(transport: asyncio.Transport) -> bool:
    """Return whether the peer has closed the connection. Reading may be paused."""
    poll = select.poll()
    poll.register(transport.get_extra_info("socket").fileno(), _HAS_LEFT)
    return bool(poll.poll(0))
