"""The page's cookie: a random id of a sign-in, which only the server's own page can use."""

from __future__ import annotations

from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server import origins

_PLAIN = "voicelab_sign_in"
_SECURE = "__Host-voicelab"
"""Browsers take a cookie with this prefix only over https, for this very host, and for all of its paths."""
_SAME_SITE: Literal["strict"] = "strict"


def cookie_of(connection: HTTPConnection) -> str | None:
    """The sign-in's id, where the request comes from a page of this server or from no page at all.

    A cookie is sent to every port of a host, and pages of other ports count as the same site: SameSite keeps none of
    them out, and an origin in CORS_ORIGINS is still another page.
    """
    return connection.cookies.get(_name(connection)) if _is_own_page(connection) else None


def keep(response: Response, connection: HTTPConnection, cookie: str, lifetime_s: float) -> None:
    """Have the browser keep the id until the sign-in ends."""
    secure = _is_secure(connection)
    response.set_cookie(
        _name(connection), cookie, max_age=round(lifetime_s), httponly=True, samesite=_SAME_SITE, secure=secure
    )


def forget(response: Response) -> None:
    """Have the browser forget the id, whichever way it came."""
    response.delete_cookie(_PLAIN, httponly=True, samesite=_SAME_SITE)
    response.delete_cookie(_SECURE, httponly=True, samesite=_SAME_SITE, secure=True)


def _is_own_page(connection: HTTPConnection) -> bool:
    sent = connection.headers.getlist("origin")
    if sent:
        return len(sent) == 1 and origins.is_own(origins.canonical(sent[0]), connection, for_certain=True)
    # Images, sounds, frames and links send no Origin; browsers say in this header where they were asked for. "none" is
    # an address that the user typed.
    return connection.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.scope["scheme"] in ("https", "wss")


def _name(connection: HTTPConnection) -> str:
    return _SECURE if _is_secure(connection) else _PLAIN
