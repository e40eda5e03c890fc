"""Check the Host header.

With DNS rebinding, a page's own host name resolves to 127.0.0.1 after the page has loaded. Its requests are then
same-origin, and only the Host header reveals them. IP addresses cannot be rebound.
"""

import re
import socket
from collections.abc import Sequence
from ipaddress import ip_address

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\s/:@\[\]?#\\,]+)(:[0-9]{1,5})?")
PATTERN = re.compile(r"\*|(\*\.)?[a-z0-9_-]+(\.[a-z0-9_-]+)*")
"""An entry of ALLOWED_HOSTS: a name, `*.name` for its subdomains, or `*` for every name."""


def is_allowed(hosts: Sequence[str], allowed: Sequence[str], served_on: str) -> bool:
    """Return whether the request has exactly one Host header and it names this server.

    Always allowed: IP addresses, localhost and its subdomains, the machine's host name, and HOST (`served_on`).
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
