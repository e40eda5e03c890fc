"""Refusals of the OpenAI-compatible API, whose codes are OpenAI's where it has one."""

from pydantic import ValidationError

from server.http.refusal import HttpRefusal
from server.messages import ErrorCode
from voicelab.errors import BusyError, EngineBusyError, EngineError, InputError, VoicelabError


def invalid(message: str, parameter: str) -> HttpRefusal:
    """Return the refusal of an invalid value."""
    return HttpRefusal(400, "invalid_value", message, parameter=parameter)


def unsupported(message: str, parameter: str) -> HttpRefusal:
    """Return the refusal of a field that this server does not support."""
    return HttpRefusal(400, "unsupported_parameter", message, parameter=parameter)


def of_validation(error: ValidationError) -> HttpRefusal:
    """Return the first validation error of a JSON body."""
    first = error.errors(include_url=False, include_input=False)[0]
    field = ".".join(map(str, first["loc"])) or "body"
    if first["type"] == "extra_forbidden":
        return unsupported(f"{field[:100]} is not supported; omit it", field[:100])
    return invalid(f"{field}: {first['msg'].removeprefix('Value error, ')}", field)


def of_voicelab(error: VoicelabError) -> HttpRefusal:
    """Return the refusal for an exception of the decoder or of an engine."""
    if isinstance(error, InputError):
        return HttpRefusal(400, ErrorCode.BAD_AUDIO, str(error), parameter="file")
    if isinstance(error, BusyError):
        return HttpRefusal(503, ErrorCode.SERVER_BUSY, str(error))
    if isinstance(error, EngineBusyError):
        return HttpRefusal(503, ErrorCode.ENGINE_BUSY, str(error))
    if isinstance(error, EngineError):
        return HttpRefusal(503, ErrorCode.ENGINE_FAILED, f"the engine {error.engine} failed; send the request again")
    return HttpRefusal(500, ErrorCode.INTERNAL_ERROR, str(error))
