"""The WebSocket paths of the server and their dialects."""

from collections.abc import Callable

from starlette.websockets import WebSocket

from server.dialects.base import Dialect
from server.dialects.openai_realtime import SUBPROTOCOL, OpenAIRealtimeDialect
from server.dialects.rtvi import RtviDialect
from server.dialects.twilio import TwilioDialect
from server.dialects.voicelab import VoicelabDialect
from server.frames import FrameLimits
from server.gate import user_of
from server.http.paths import REALTIME_PATH, RTVI_PATH, SOCKET_PATH, TWILIO_PATH
from server.tokens import PROTOCOL

DIALECTS: dict[str, Callable[[WebSocket, FrameLimits], Dialect]] = {
    SOCKET_PATH: lambda _, limits: VoicelabDialect(limits),
    REALTIME_PATH: lambda websocket, limits: OpenAIRealtimeDialect(limits, websocket.query_params.get("model") or ""),
    RTVI_PATH: lambda websocket, limits: RtviDialect(limits, user_of(websocket) or ""),
    TWILIO_PATH: lambda _, limits: TwilioDialect(limits),
}
SUBPROTOCOLS = (PROTOCOL, SUBPROTOCOL)
"""The subprotocols that the server accepts."""
