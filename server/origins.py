"""Which web pages may use the server: a browser does not guard WebSockets as it guards other requests."""

from __future__ import annotations

import re
from collections.abc import Iterable
from ipaddress import AddressValueError, IPv6Address
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from server.settings import Settings

_HTTP_SCHEME = {"ws": "http", "wss": "https"}
_DEFAULT_PORT = {"http": 80, "https": 443}
# Scheme, host and port and nothing else: no user before an @, no path, no second colon outside of an IPv6 address.
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(\[[0-9a-f:.]+\]|[^\s/:@\[\]?#\\]+)(?::([0-9]{1,5}))?")
_WILDCARD = "*."
_ONE_PART = r"[^/:@\[\]?#\\.]+"


def canonical(origin: str) -> str | None:
    """An origin as browsers write it, in lower case and without a default port; None for anything else."""
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
    """An entry of CORS_ORIGINS as it is compared: an origin, a pattern such as https://*.example.org, or `*`.

    Raises ValueError for an entry that no browser's origin could ever match.
    """
    # "null" is what a page opened from a file, or inside a sandboxed frame, sends.
    if given == "*":
        return given
    origin = canonical(given.rstrip("/"))
    if origin is None:
        raise ValueError(f"{given!r} is not an origin; write scheme://host or scheme://host:port, or * for all")
    scheme, _, host = origin.partition("://")
    if scheme in _HTTP_SCHEME:
        raise ValueError(f"{given!r} is not a page's origin; write {_HTTP_SCHEME[scheme]}://{host}")
    if "*" in host.removeprefix(_WILDCARD):
        raise ValueError(f"{given!r}: a * stands only for subdomains, as in https://*.example.org; or write * for all")
    return origin


def as_regex(origins: Iterable[str]) -> str | None:
    """A regular expression for the patterns among these entries; None if there are none."""
    patterns = [_regex(origin) for origin in origins if _is_pattern(origin)]
    return "|".join(patterns) if patterns else None


def is_allowed(connection: HTTPConnection, settings: Settings) -> bool:
    """Whether the Origin header is in CORS_ORIGINS or is the server's own; a missing one only passes with `*`."""
    if settings.any_origin:
        return True
    origins = connection.headers.getlist("origin")
    origin = canonical(origins[0]) if len(origins) == 1 else None
    return origin is not None and (_is_listed(origin, settings.cors_origins) or is_own(origin, connection))


def _is_listed(origin: str, allowed: tuple[str, ...]) -> bool:
    patterns = as_regex(allowed)
    return origin in allowed or (patterns is not None and re.fullmatch(patterns, origin) is not None)


def is_own(origin: str | None, connection: HTTPConnection, *, for_certain: bool = False) -> bool:
    """Whether the origin is that of a page that this server itself served; the Host header was checked before.

    for_certain: where a proxy has dropped the port, the browser itself must say that the page is of the same origin.
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
    """Whether a proxy passed on the Host header without its port, as nginx's $host is.

    A browser that connects by itself names every port but the scheme's default, which this server is then on. The
    page's port stays unknown; browsers that say so (Sec-Fetch-Site) tell a page on another port from the server's own.
    """
    scheme, _, host = own.partition("://")
    server = connection.scope.get("server")
    is_direct = server is None or server[1] == _DEFAULT_PORT.get(scheme)
    has_port = ":" in host.rpartition("]")[2]
    return not is_direct and not has_port


def _is_pattern(origin: str) -> bool:
    return f"://{_WILDCARD}" in origin


def _regex(pattern: str) -> str:
    scheme, _, rest = pattern.partition(f"://{_WILDCARD}")
    return rf"{re.escape(scheme)}://({_ONE_PART}\.)+{re.escape(rest)}"


def _host(written: str) -> str | None:
    """As browsers write it: IPv6 addresses shortened, names in their ASCII form."""
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
