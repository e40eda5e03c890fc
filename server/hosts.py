"""Which names the server answers to.

A page may point a name of its own at 127.0.0.1 once the browser has loaded it (DNS rebinding); its requests then count
as the page's own, and only their Host header tells. An address, unlike a name, cannot be pointed elsewhere.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Sequence
from ipaddress import ip_address

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]?#\\,]+)(:[0-9]{1,5})?")
PATTERN = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""What ALLOWED_HOSTS takes: a name, `*.` and a name for all below it, or `*` for every name."""


def is_allowed(hosts: Sequence[str], allowed: Sequence[str], served_on: str) -> bool:
    """Whether these values of the Host header, of which there must be one, name this server.

    Always: an IP address, localhost and names below it, this machine's own name, the HOST it was started with.
    """
    found = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if found is None:
        return False
    name = found[1].lower().rstrip(".")
    own = ("localhost", "*.localhost", socket.gethostname().lower(), served_on.lower())
    return _is_address(name) or any(_matches(name, pattern) for pattern in (*own, *allowed))


def _matches(name: str, pattern: str) -> bool:
    if pattern.startswith("*."):
        return name.endswith(pattern[1:])
    return pattern in ("*", name)


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
