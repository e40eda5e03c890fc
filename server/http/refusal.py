"""How the server refuses an HTTP request or a WebSocket handshake: one exception, in the format of the path."""

import json
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse
from starlette.types import Scope

from server.http.paths import OPENAI_PREFIX, is_openai

RETRY_AFTER_S = 5
TOO_MANY_CONNECTIONS = "too_many_connections"


class HttpRefusal(Exception):  # noqa: N818 - it is an answer to the client, not an error of the server
    """A refusal. code: one of docs/reference/protocol.md. parameter: the invalid field, shown in OpenAI's format.

    headers: further headers; None is Retry-After with status 503, and nothing else.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        parameter: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.parameter = status, code, message, parameter
        if headers is None and status == HTTPStatus.SERVICE_UNAVAILABLE:
            headers = {"Retry-After": str(RETRY_AFTER_S)}
        self.headers = dict(headers or {})

    def body(self, scope: Scope) -> dict[str, Any]:
        """Return the JSON body: the server's own format, or OpenAI's below /v1."""
        if is_openai(scope):
            kind = "server_error" if self.status >= 500 else "invalid_request_error"
            return {"error": {"message": self.message, "type": kind, "param": self.parameter, "code": self.code}}
        return {"detail": {"code": self.code, "message": self.message}}

    def response(self, scope: Scope) -> JSONResponse:
        """Return the response."""
        return JSONResponse(self.body(scope), self.status, self.headers)


@lru_cache(maxsize=64)
def last_response(status: int, code: str, message: str, *, openai: bool, retry_after_s: int | None = None) -> bytes:
    """Return a whole HTTP response that closes its connection, for a request that the app does not see.

    openai: use the format of OpenAI's errors.
    """
    scope = {"path": OPENAI_PREFIX if openai else "/"}
    body = json.dumps(HttpRefusal(status, code, message).body(scope)).encode()
    fields = {"content-type": "application/json", "content-length": str(len(body)), "connection": "close"}
    if retry_after_s is not None:
        fields["retry-after"] = str(retry_after_s)
    lines = (f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", *(f"{name}: {value}" for name, value in fields.items()))
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body
