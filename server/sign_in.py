"""The sign-in cookie of the web page: a random id that only the server's own page can use."""

from typing import Literal

from starlette.requests import HTTPConnection
from starlette.responses import Response

from server import origins

_PLAIN = "voicelab_sign_in"
_SECURE = "__Host-voicelab"
"""With the prefix __Host-, browsers accept the cookie only over https, for exactly this host and all its paths."""
_SAME_SITE: Literal["strict"] = "strict"


def cookie_of(connection: HTTPConnection) -> str | None:
    """Return the sign-in's id if the request comes from a page of this server or from no page; else None.

    Browsers send a cookie to every port of a host, and pages on other ports are the same site, so SameSite does not
    exclude them. Other origins, even those in CORS_ORIGINS, may not use the cookie.
    """
    return connection.cookies.get(_name(connection)) if _is_own_page(connection) else None


def keep(response: Response, connection: HTTPConnection, cookie: str, lifetime_s: float) -> None:
    """Set the cookie on a response. lifetime_s: seconds until the sign-in ends."""
    secure = _is_secure(connection)
    response.set_cookie(
        _name(connection), cookie, max_age=round(lifetime_s), httponly=True, samesite=_SAME_SITE, secure=secure
    )


def forget(response: Response) -> None:
    """Delete both forms of the cookie."""
    response.delete_cookie(_PLAIN, httponly=True, samesite=_SAME_SITE)
    response.delete_cookie(_SECURE, httponly=True, samesite=_SAME_SITE, secure=True)


def _is_own_page(connection: HTTPConnection) -> bool:
    sent = connection.headers.getlist("origin")
    if sent:
        return len(sent) == 1 and origins.is_own(origins.canonical(sent[0]), connection, for_certain=True)
    # Images, audio, frames and links send no Origin. Browsers describe their source in Sec-Fetch-Site; "none" means
    # that the user typed the address.
    return connection.headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _is_secure(connection: HTTPConnection) -> bool:
    return connection.scope["scheme"] in ("https", "wss")


def _name(connection: HTTPConnection) -> str:
    return _SECURE if _is_secure(connection) else _PLAIN
