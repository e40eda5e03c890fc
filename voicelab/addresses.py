"""Addresses, and the user names and passwords in them, which are kept apart from where an address is first read.

`http://ada:secret@host/v1` becomes `http://host/v1`, which is all that settings, results, messages and logs ever hold.
What stood before the @ is remembered here for the connection, and handed to child processes in their environment.
"""

from __future__ import annotations

import base64
import json
import os
import re
from functools import cache
from urllib.parse import unquote, urlsplit

VARIABLE = "VOICELAB_ADDRESS_USERS"
"""The environment variable in which child processes inherit the remembered users, as JSON."""

# Up to the last @ of the authority. A user part that is not percent-encoded may hold a / as well: then what follows
# the first colon is no port, and everything up to the @ is taken for the password.
_AUTHORITY = r"[^/?#\s'\"<>]*@"
_UNQUOTED = r"[^/?#\s'\":<>\[]*:(?!\d*(?:[/?#\s'\"<>]|$))[^\s'\"<>]*@"
_IN_TEXT = re.compile(rf"(?<=://)(?:{_UNQUOTED}|{_AUTHORITY})")
# What our own messages write: a form to follow, and a password that is hidden already.
_HARMLESS = re.compile(r"USER:(?:PASSWORD|TOKEN)@|[^:@]*:\*\*\*@")
_DATABASE = re.compile(r"\bpostgres[a-z+]*://$")
_WITHOUT_SCHEME = re.compile(r"[^\s/@:]+:[^\s@]*@(?=[^\s@]+$)")


def without_user(text: str) -> str:
    """The text, with the user part of every address in it left out."""
    return _IN_TEXT.sub(_leave_harmless, text) if "@" in text else text


def _leave_harmless(found: re.Match[str]) -> str:
    # A database's user name alone is no secret, and says which of several is meant. Elsewhere it may be a token.
    is_name = ":" not in found[0] and _DATABASE.search(found.string, 0, found.start()) is not None
    return found[0] if is_name or _HARMLESS.fullmatch(found[0]) else ""


def take_user(value: str) -> str:
    """An address without its user part, which is remembered for `user_of`; any other value as it is.

    A user part is also left out where the address has no scheme (`ada:secret@host`), which no connection can use.
    """
    found = _IN_TEXT.search(value)
    if found is None:
        return value if "://" in value else _WITHOUT_SCHEME.sub("", value)
    address = value[: found.start()] + value[found.end() :]
    name, _, password = found[0][:-1].partition(":")
    _users()[urlsplit(address).netloc.lower()] = (unquote(name), unquote(password))
    return address


def user_of(address: str) -> tuple[str, str] | None:
    """The name and the password remembered for this host and port; None where there are none."""
    return _users().get(urlsplit(address).netloc.lower())


def basic_authorization(address: str) -> dict[str, str]:
    """The Authorization header (RFC 7617) for this address; empty where no user is remembered for it."""
    user = user_of(address)
    if user is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(":".join(user).encode()).decode()}


def inherited_users() -> dict[str, str]:
    """What a child process needs in its environment to know the same users."""
    return {VARIABLE: json.dumps(_users())} if _users() else {}


@cache
def _users() -> dict[str, tuple[str, str]]:
    """Users by host and port; at first those that the parent process handed down."""
    return {place: (name, password) for place, (name, password) in json.loads(os.environ.get(VARIABLE, "{}")).items()}
