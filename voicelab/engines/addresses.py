"""Stores the user names and passwords of addresses.

`http://ada:secret@host/v1` becomes `http://host/v1`. Only this form appears in settings, results, messages and logs
(`voicelab.errors.without_user`). The user and password are stored here for the connection, and passed to child
processes in their environment.
"""

import base64
import json
import os
import re
from functools import cache
from urllib.parse import unquote, urlsplit

from voicelab.errors import USER_IN_ADDRESS

VARIABLE = "VOICELAB_ADDRESS_USERS"
"""Environment variable that passes the stored users to child processes, as JSON."""

_WITHOUT_SCHEME = re.compile(r"[^\s/@:]+:[^\s@]*@(?=[^\s@]+$)")


def take_user(value: str) -> str:
    """Return an address without its user part, and store that for `user_of`; return other values unchanged.

    Also removes the user part of an address without a scheme (`ada:secret@host`), which no connection can use.
    """
    found = USER_IN_ADDRESS.search(value)
    if found is None:
        return value if "://" in value else _WITHOUT_SCHEME.sub("", value)
    address = value[: found.start()] + value[found.end() :]
    name, _, password = found[0][:-1].partition(":")
    _users()[urlsplit(address).netloc.lower()] = (unquote(name), unquote(password))
    return address


def user_of(address: str) -> tuple[str, str] | None:
    """Return the name and password stored for this host and port, or None."""
    return _users().get(urlsplit(address).netloc.lower())


def basic_authorization(address: str) -> dict[str, str]:
    """Return the Authorization header (RFC 7617) for this address, or an empty dict without a stored user."""
    user = user_of(address)
    if user is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(user).encode()).decode()}


def inherited_users() -> dict[str, str]:
    """Return the environment variables that give a child process the same users."""
    return {VARIABLE: json.dumps(_users())} if _users() else {}


@cache
def _users() -> dict[str, tuple[str, str]]:
    """Users by host and port, starting with those inherited from the parent process."""
    return {place: (name, password) for place, (name, password) in json.loads(os.environ.get(VARIABLE, "{}")).items()}
