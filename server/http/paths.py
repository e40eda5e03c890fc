"""Paths that several modules of the server use."""

from starlette._utils import get_route_path
from starlette.types import Scope

SOCKET_PATH = "/ws/voice/simple"
OPENAI_PREFIX = "/v1"
REALTIME_PATH = "/v1/realtime"
RTVI_PATH = "/ws/rtvi"
TWILIO_PATH = "/ws/twilio"
PROBES = ("/health/live", "/health/ready")
"""Health probes, which are answered regardless of the number of connections."""
SOCKET_PATHS = (SOCKET_PATH, REALTIME_PATH, RTVI_PATH, TWILIO_PATH)


def is_openai(scope: Scope) -> bool:
    """Return whether a request is for the OpenAI-compatible API, whose errors have a different format."""
    path = get_route_path(scope)
    return path == OPENAI_PREFIX or path.startswith(OPENAI_PREFIX + "/")
