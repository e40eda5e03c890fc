"""Errors in OpenAI's format."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse

from server.faults import headers_of
from server.messages import ErrorCode
from voicelab.errors import BusyError, EngineBusyError, EngineError, InputError, VoicelabError


class OpenAIError(Exception):
    """An error response. parameter: the invalid field, or None."""

    def __init__(self, status: int, code: str, message: str, parameter: str | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.parameter = status, code, parameter

    def response(self) -> JSONResponse:
        return error_response(self.status, self.code, str(self), self.parameter, headers_of(self.status))


def error_body(status: int, code: str, message: str, parameter: str | None = None) -> dict[str, Any]:
    """Return the JSON body of an error."""
    kind = "server_error" if status >= 500 else "invalid_request_error"
    return {"error": {"message": message, "type": kind, "param": parameter, "code": code}}


def error_response(
    status: int, code: str, message: str, parameter: str | None = None, headers: dict[str, str] | None = None
) -> JSONResponse:
    """Return an error response."""
    return JSONResponse(error_body(status, code, message, parameter), status_code=status, headers=headers)


def invalid(message: str, parameter: str) -> OpenAIError:
    """Return the error for an invalid value."""
    return OpenAIError(400, "invalid_value", message, parameter)


def unsupported(message: str, parameter: str) -> OpenAIError:
    """Return the error for a field that this server does not support."""
    return OpenAIError(400, "unsupported_parameter", message, parameter)


def of_validation(error: ValidationError) -> OpenAIError:
    """Return the first validation error of a JSON body."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"])) or "body"
    return invalid(f"{field}: {first['msg'].removeprefix('Value error, ')}", field)


def of_voicelab(error: VoicelabError) -> OpenAIError:
    """Return the error for an exception of the decoder or of an engine."""
    if isinstance(error, InputError):
        return OpenAIError(400, ErrorCode.BAD_AUDIO, str(error), "file")
    if isinstance(error, BusyError):
        return OpenAIError(503, ErrorCode.SERVER_BUSY, str(error))
    if isinstance(error, EngineBusyError):
        return OpenAIError(503, ErrorCode.ENGINE_BUSY, str(error))
    if isinstance(error, EngineError):
        return OpenAIError(503, ErrorCode.ENGINE_FAILED, f"the engine {error.engine} failed; send the request again")
    return OpenAIError(500, ErrorCode.INTERNAL_ERROR, str(error))
