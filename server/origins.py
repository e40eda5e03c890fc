"""Check the Origin header. Browsers do not apply the same-origin policy to WebSockets."""

import re
from collections.abc import Sequence
from ipaddress import AddressValueError, IPv6Address

from starlette.requests import HTTPConnection

_HTTP_SCHEME = {"ws": "http", "wss": "https"}
_DEFAULT_PORT = {"http": 80, "https": 443}
# Only scheme, host and port: no credentials, no path, no second colon outside of an IPv6 address.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/:@\[\]?#\\]+)(?::([1-9][0-9]{0,4}))?")
_WILDCARD = "*."
_ONE_PART = r"[^/:@\[\]?#\\.]+"


def canonical(origin: str) -> str | None:
    """Return an origin as browsers write it: in lower case, without a default port. None if it is not an origin."""
    if origin.lower() == "null":
        return "null"
    found = _ORIGIN.fullmatch(origin.lower())
    if found is None:
        return None
    scheme, host, port = found[1], _host(found[2]), int(found[3]) if found[3] else None
    if host is None or (port is not None and not 0 < port < 65536):
        return None
    return f"{scheme}://{host}{f':{port}' if port and port != _DEFAULT_PORT.get(scheme) else ''}"


def checked(given: str) -> str:
    """Normalize an entry of CORS_ORIGINS: an origin, a pattern such as https://*.example.org, or `*`.

    Raises ValueError for an entry that no origin can match.
    """
    # Pages opened from a file or in a sandboxed frame send "null".
    if given == "*":
        return given
    origin = canonical(given.rstrip("/"))
    if origin is None:
        raise ValueError(f"{given!r} is not an origin; write scheme://host or scheme://host:port, or * for all")
    scheme, _, host = origin.partition("://")
    if scheme in _HTTP_SCHEME:
        raise ValueError(f"{given!r} is not a page's origin; write {_HTTP_SCHEME[scheme]}://{host}")
    if "*" in host.removeprefix(_WILDCARD):
        raise ValueError(f"{given!r}: use * only for subdomains, as in https://*.example.org, or alone for all origins")
    return origin


def as_regex(origins: Sequence[str]) -> str | None:
    """Return a regular expression that matches the patterns among these entries; None if there are none."""
    patterns = [_regex(origin) for origin in origins if f"://{_WILDCARD}" in origin]
    return "|".join(patterns) if patterns else None


def is_allowed(connection: HTTPConnection, allowed: Sequence[str]) -> bool:
    """Return whether the Origin header is in CORS_ORIGINS or is the server's own. Only `*` allows a missing one."""
    if "*" in allowed:
        return True
    origins = connection.headers.getlist("origin")
    origin = canonical(origins[0]) if len(origins) == 1 else None
    if origin is None:
        return False
    patterns = as_regex(allowed)
    is_listed = origin in allowed or (patterns is not None and re.fullmatch(patterns, origin) is not None)
    return is_listed or is_own(origin, connection)


def is_own(origin: str | None, connection: HTTPConnection, *, for_certain: bool = False) -> bool:
    """Return whether the origin belongs to this server's own pages. The Host header must have been checked before.

    for_certain: if a proxy dropped the port, require that the browser confirms the same origin (Sec-Fetch-Site).
    """
    scheme = connection.scope["scheme"]
    own = canonical(f"{_HTTP_SCHEME.get(scheme, scheme)}://{connection.headers.get('host', '')}")
    if own is None or origin is None:
        return False
    if origin == own:
        return True
    site = connection.headers.get("sec-fetch-site", "unknown" if for_certain else "same-origin")
    return site == "same-origin" and origin.startswith(f"{own}:") and _port_was_dropped(own, connection)


def _port_was_dropped(own: str, connection: HTTPConnection) -> bool:
    """Return whether a proxy forwarded the Host header without its port, like nginx's $host.

    Without a proxy, browsers omit the port only if it is the scheme's default and thus the port of this server. If the
    port was dropped, only Sec-Fetch-Site distinguishes a page on another port from the server's own.
    """
    scheme, _, host = own.partition("://")
    server = connection.scope.get("server")
    is_direct = server is None or server[1] == _DEFAULT_PORT.get(scheme)
    has_port = ":" in host.rpartition("]")[2]
    return not is_direct and not has_port


def _regex(pattern: str) -> str:
    scheme, _, rest = pattern.partition(f"://{_WILDCARD}")
    return rf"{re.escape(scheme)}://({_ONE_PART}\.)+{re.escape(rest)}"


def _host(written: str) -> str | None:
    """Return the host as browsers write it: compressed IPv6 addresses, and names in ASCII (IDNA)."""
    if written.startswith("["):
        try:
            return f"[{IPv6Address(written[1:-1]).compressed}]"
        except AddressValueError:
            return None
    if written.isascii():
        return written
    try:
        return written.encode("idna").decode()
    except UnicodeError:
        return None
