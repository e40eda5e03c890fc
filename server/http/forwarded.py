"""Forwarded headers of proxies."""

from functools import lru_cache
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware, _TrustedHosts

_PROTO = b"x-forwarded-proto"


class ForwardedHeaders(ProxyHeadersMiddleware):
    """uvicorn's middleware, extended to accept a list of values in X-Forwarded-Proto, one per proxy.

    The first value is the client's scheme. As in uvicorn, only the headers of trusted proxies are used.
    """

    def __init__(self, app: ASGIApp, trusted_hosts: list[str] | str) -> None:
        super().__init__(app, trusted_hosts)  # type: ignore[arg-type]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> Any:  # type: ignore[override]
        if scope["type"] != "lifespan":
            scope["headers"] = _with_one_scheme(scope["headers"])
        return await super().__call__(scope, receive, send)  # type: ignore[arg-type]


def _with_one_scheme(headers: list[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    schemes = [value for name, value in headers if name == _PROTO]
    if not schemes:
        return headers
    first = schemes[0].partition(b",")[0].strip().lower()
    return [*((name, value) for name, value in headers if name != _PROTO), (_PROTO, first)]


def trusted_proxies(allowed: str | list[str] | None) -> _TrustedHosts:
    """Return the peers whose X-Forwarded-For uvicorn trusts. allowed: as in FORWARDED_ALLOW_IPS."""
    return _trusted(allowed if isinstance(allowed, str) else ",".join(allowed or ()))


@lru_cache(maxsize=8)
def _trusted(allowed: str) -> _TrustedHosts:
    return _TrustedHosts(allowed)
