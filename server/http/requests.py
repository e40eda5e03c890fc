"""uvicorn's HTTP protocol, extended by connection limits and time-outs for incomplete requests."""

import asyncio
from time import perf_counter

import h11
from starlette.types import Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from server.clients import key_of
from server.gate import REQUESTS_BESIDE
from server.http import arrivals
from server.http.admission import Admission
from server.http.forwarded import trusted_proxies
from server.http.paced_bodies import PacedBodies
from server.http.paths import PROBES
from server.http.refusal import TOO_MANY_CONNECTIONS, last_response
from server.loop_share import LoopShare
from server.settings import Settings

REQUEST_TIMEOUT = "request_timeout"
BESIDE_WEBSOCKETS = 100
"""Number of connections allowed beyond MAX_CONNECTIONS before their upgrade to a WebSocket."""
_AHEAD_BYTES = 64 * 1024
"""Bytes of pipelined requests that are read during a response. Beyond that, a disconnect is noticed only after it."""
_PROBE_S = 1.0
"""Seconds within which a connection in the reserve must send the headers of a probe."""
_LINGER_S = 2.0
"""Seconds for which the rest of a body is read after its request was answered."""
_WINDOW_S = 10.0
"""Window over which the rate of a body is measured; long enough for short network stalls."""


def request_protocol(settings: Settings, share: LoopShare) -> type[H11Protocol]:
    """Return uvicorn's HTTP protocol class with these limits. share: of each client in the event loop's time."""
    # Of connections per address, and of open requests per address behind a trusted proxy.
    most_per_address = settings.most_per_client + REQUESTS_BESIDE

    class HttpProtocol(_Limited):
        _settings = settings
        _admission = Admission(settings.max_connections + BESIDE_WEBSOCKETS, most_per_address)
        _arrivals = arrivals.Arrivals(share, most_per_address)
        _share = share

    return HttpProtocol


def _closing(send: Send) -> Send:
    """Wrap `send` to add `Connection: close`."""

    async def send_last(message: Message) -> None:
        if message["type"] == "http.response.start":
            message = {**message, "headers": [*message.get("headers", ()), (b"connection", b"close")]}
        await send(message)

    return send_last


class _Limited(PacedBodies):
    _settings: Settings
    _admission: Admission
    _arrivals: arrivals.Arrivals
    _waiting: asyncio.Task[None] | None = None
    """Waits for the sender's turn with a request that is not parsed yet."""
    _sender: str | None = None
    """The address whose open requests include this connection's."""
    _address: str | None = None
    _refusal: str | None = None
    """Why the connection is not admitted; None if it is."""
    _overdue: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None
    _judging: asyncio.TimerHandle | None = None
    _body_began_s = 0.0
    _came_in_window = 0
    _is_openai = False
    """Whether the request is for the OpenAI-compatible API, whose errors have a different format."""
    _is_lingering = False
    _is_refused = False

    # Receiving.

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        host = self.client[0] if self.client else None
        if host is not None and host not in trusted_proxies(self.config.forwarded_allow_ips):
            self._address = key_of(host)
        self._refusal = self._admission.admit(self, self._address)
        if not self.transport.is_closing():
            self._expect(self._settings.request_timeout_s if self._refusal is None else _PROBE_S)

    def data_received(self, data: bytes) -> None:
        if self._is_refused:
            return
        begun_s = perf_counter()
        is_start = self.conn.their_state is h11.IDLE and not self.conn.trailing_data[0]
        may_begin = not is_start or self._begins(data)
        self._meter.add(begun_s)
        if may_begin:
            self._take(data)

    def _begins(self, head: bytes) -> bool:
        """Return whether a request that starts with these bytes may be parsed now. Else it waits or is refused."""
        host = self.client[0] if self.client else None
        client = arrivals.client_of(host, head, trusted_proxies(self.config.forwarded_allow_ips))
        self._is_openai = arrivals.is_openai(head)
        self._meter.bind(client)
        if arrivals.is_probe(head):
            return True
        if refusal := self._arrivals.refusal(client):
            self._refuse(refusal)
            return False
        self._end_request()
        self._sender = client
        self._arrivals.begin(client)
        if not self._arrivals.has_to_wait(client):
            return True
        self._unset_keepalive_if_required()
        self.flow.pause_reading()
        self._waiting = self.loop.create_task(self._read_in_turn(head))
        return False

    def _refuse(self, why: str) -> None:
        """Answer a request that is not parsed, and discard the rest of it for a moment."""
        self._answer_last(429, TOO_MANY_CONNECTIONS, why, retry_after_s=10)
        self._is_refused, self._refusal = True, why
        self._admission.demote(self, why)
        if not self.transport.is_closing():
            self._expect(_LINGER_S)

    async def _read_in_turn(self, head: bytes) -> None:
        await self._arrivals.turn(self._sender)
        if arrivals.has_left(self.transport):
            self.transport.close()
        elif not self.transport.is_closing():
            self.flow.resume_reading()
            self._take(head)

    def _end_request(self) -> None:
        self._arrivals.end(self._sender)
        self._sender = None

    def _take(self, data: bytes) -> None:
        if self._refusal is not None and not self.is_answered and not self._is_lingering:
            # Another connection may have closed in the meantime.
            self._refusal = self._admission.admit(self, self._address)
        self._came_in_window += len(data)
        super().data_received(data)
        if self.transport.get_protocol() is not self:
            # It has become a WebSocket.
            self._admission.leave(self)
            self._end_request()
            self._expect_nothing()
            return
        if self.conn.their_state is h11.SEND_BODY:
            self._take_body()
            return
        self._end_body()
        if self.conn.their_state is not h11.IDLE:
            self._expect_nothing()
        elif self._overdue is None:
            # These are the first bytes of the headers. The deadline holds for all of them and is not extended.
            self._expect(self._settings.request_timeout_s)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
        self._admission.leave(self)
        self._end_request()
        self._expect_nothing()
        self._end_body()
        super().connection_lost(exc)
        self.resume_writing()

    def _take_body(self) -> None:
        if self._is_lingering:
            return
        self._expect(self._settings.request_timeout_s)
        if self._judging is None:
            self._body_began_s = self.loop.time()
            self._judge_later()

    def _end_body(self) -> None:
        self._is_lingering = False
        if self._judging is not None:
            self._judging.cancel()
            self._judging = None

    # Connections in the reserve.

    @property
    def is_answered(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def handle_events(self) -> None:
        # uvicorn reads self.app for each request.
        self.app = self._answer
        super().handle_events()
        if self.conn.their_state is h11.DONE and len(self.conn.trailing_data[0]) < _AHEAD_BYTES:
            # uvicorn pauses reading at a pipelined request, and would then not notice that the client disconnects.
            self.flow.resume_reading()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._ask_again()
        self._meter.begin(scope)
        app = self.config.loaded_app if self._refusal is None else self._answer_probe
        await app(scope, receive, send)

    def _ask_again(self) -> None:
        """Try again to be admitted: the next request may arrive together with the rest of an answered one."""
        if self._refusal is not None:
            self._is_lingering = False
            self._refusal = self._admission.admit(self, self._address)

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._ask_again()
        if self._refusal is None:
            super().handle_websocket_upgrade(event)
        else:
            self.turn_away(self._refusal)

    def turn_away(self, why: str) -> None:
        self._admission.leave(self)
        self._expect_nothing()
        if not self._is_refused and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer_last(503, TOO_MANY_CONNECTIONS, why, retry_after_s=10)
        self.transport.close()
        self._expect_reading()

    async def _answer_probe(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] in PROBES and scope["method"] in ("GET", "HEAD"):
            await self.config.loaded_app(scope, receive, _closing(send))
        else:
            self.cycle.disconnected = True
            self.turn_away(self._refusal or "")

    # Sending.

    def on_response_complete(self) -> None:
        self._end_request()
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._expect_reading()
        if self.conn.their_state is h11.SEND_BODY and not self.transport.is_closing():
            # The request was answered before its body was complete, for example because it has no token.
            self._end_body()
            self._is_lingering = True
            self._refusal = "too many connections; try again later"
            self._admission.demote(self, self._refusal)
            if not self.transport.is_closing():
                self._expect(_LINGER_S)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._expect_reading()

    def resume_writing(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None
        super().resume_writing()

    def _expect_reading(self) -> None:
        if self._unread is None:
            self._unread = self.loop.call_later(self._settings.reader_timeout_s, self._abort_if_unsent)

    def _abort_if_unsent(self) -> None:
        self._unread = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()

    # Time-outs.

    def _expect(self, within_s: float) -> None:
        self._expect_nothing()
        self._overdue = self.loop.call_later(within_s, self._miss, within_s)

    def _expect_nothing(self) -> None:
        if self._overdue is not None:
            self._overdue.cancel()
            self._overdue = None

    def _miss(self, within_s: float) -> None:
        if self.flow.read_paused:
            # The server paused reading, so the client is not to blame.
            self._expect(within_s)
        elif self._refusal is not None:
            self.turn_away(self._refusal)
        else:
            self._give_up(f"the request is incomplete: no more of it arrived within {within_s:g} s (REQUEST_TIMEOUT_S)")

    def _judge_later(self) -> None:
        left_s = self._body_began_s + self._settings.body_timeout_s - self.loop.time()
        self._came_in_window = 0
        self._judging = self.loop.call_later(max(0.0, min(_WINDOW_S, left_s)), self._judge_body, left_s <= _WINDOW_S)

    def _judge_body(self, is_last: bool) -> None:
        self._judging = None
        rate = self._settings.min_body_bytes_per_s
        if is_last:
            limit_s = self._settings.body_timeout_s
            self._give_up(f"the body did not arrive completely within {limit_s:g} s (BODY_TIMEOUT_S)")
        elif self._came_in_window < rate * _WINDOW_S and not self.flow.read_paused:
            self._give_up(f"the body arrived at less than {rate:g} bytes per second (MIN_BODY_BYTES_PER_S)")
        else:
            self._judge_later()

    def _give_up(self, message: str) -> None:
        is_begun = self.conn.their_state is h11.SEND_BODY or bool(self.conn.trailing_data[0])
        if is_begun and self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            self._answer_last(408, REQUEST_TIMEOUT, message)
        if self.cycle is not None:
            # The app may still be answering and must not write after this.
            self.cycle.disconnected = True
        self.transport.close()
        self._expect_reading()

    def _answer_last(self, status: int, code: str, message: str, retry_after_s: int | None = None) -> None:
        if self.transport.is_closing():
            return
        answer = last_response(status, code, message, openai=self._is_openai, retry_after_s=retry_after_s)
        self.transport.write(answer)

    def send_400_response(self, msg: str) -> None:
        """Answer a request that cannot be parsed. uvicorn's own answer is plain text."""
        self._answer_last(400, "bad_request", msg)
        self.transport.close()
