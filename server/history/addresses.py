"""Check DATABASE_URL, and show it without passwords."""

import re
from urllib.parse import parse_qsl, unquote

_SQLITE = ("sqlite", "sqlite+aiosqlite")
"""The second form is that of earlier versions, which used that driver."""
_POSTGRESQL = ("postgresql", "postgres", "postgresql+asyncpg")
_MOST_PORT = 65_535
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")

FORMS = "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/DATABASE"


def checked(url: str) -> str:
    """Return the URL. Raises ValueError if it cannot be used for the history."""
    kind, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(kind):
        raise ValueError(f"not a database URL; write {FORMS}")
    if kind in _SQLITE:
        if not rest.startswith("/") and rest:
            raise ValueError("an SQLite file has no host; write sqlite:///FILE, with four slashes for an absolute path")
        if not path_of(url) or path_of(url) == ":memory:":
            raise ValueError("the history cannot be in memory; name a file: sqlite:///FILE")
    elif kind in _POSTGRESQL:
        _check_ports(rest)
    else:
        raise ValueError(f"unknown database {kind}; write {FORMS}")
    return url


def shown(url: str) -> str:
    """Return the URL for messages: the path of an SQLite file, or the URL without password and parameters.

    Parts that may belong to a password are hidden too: credentials before the last "@", and ports that are not numbers.
    """
    kind, separator, rest = url.partition("://")
    if not separator or not _SCHEME.fullmatch(kind):
        return "***" if "@" in url or ":" in url else url
    if kind in _SQLITE and rest.startswith("/"):
        return path_of(url)
    credentials, at, place = rest.rpartition("@")
    user = credentials.partition(":")[0]
    place = place.partition("?")[0]
    hosts, slash, database = place.partition("/")
    return f"{kind}://{f'{user}:***' if ':' in credentials else user}{at}{_shown_hosts(hosts)}{slash}{database}"


def scrubbed(text: str, url: str) -> str:
    """Return the text of an error on one line, without the passwords of the URL."""
    rest = url.partition("://")[2]
    credentials, _, place = rest.rpartition("@")
    passwords = [credentials.partition(":")[2]]
    passwords += [value for name, value in parse_qsl(place.partition("?")[2]) if "pass" in name.lower()]
    for secret in (url, *passwords, *map(unquote, passwords)):
        text = text.replace(secret, "***") if secret else text
    return " ".join(text.split())


def _check_ports(rest: str) -> None:
    """ValueError unless each port in a PostgreSQL address is one."""
    place, _, query = rest.rpartition("@")[2].partition("?")
    ports = [_port(host) for host in place.partition("/")[0].split(",")]
    ports += [port for name, value in parse_qsl(query) if name == "port" for port in value.split(",")]
    for port in filter(None, ports):
        if not (port.isascii() and port.isdigit() and 0 < int(port[:9]) <= _MOST_PORT):
            # The port is not shown: part of a password with an unescaped "@" or "/" may be parsed as a port.
            raise ValueError(
                f"the port must be from 1 to {_MOST_PORT}; in a password, write @ as %40, / as %2F and : as %3A"
            )


def _port(host: str) -> str | None:
    """Return the port of `host:port` or `[v6]:port`; None without one."""
    after = host.rpartition("]")[2] if host.startswith("[") else host
    return after.partition(":")[2] or None


def _shown_hosts(hosts: str) -> str:
    found = []
    for host in hosts.split(","):
        port = _port(host)
        is_plain = port is None or (port.isascii() and port.isdigit())
        found.append(host if is_plain else f"{host.removesuffix(port or '')}***")
    return ",".join(found)


def is_sqlite(url: str) -> bool:
    """Return whether this is the URL of an SQLite file."""
    return url.partition("://")[0] in _SQLITE


def path_of(url: str) -> str:
    """Return the file's path of an SQLite URL, without its parameters."""
    return url.partition("://")[2].partition("?")[0].removeprefix("/")
