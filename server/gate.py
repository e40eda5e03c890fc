"""Check the host, origin, token and limits of every request and WebSocket handshake."""

from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from server import hosts, origins, sign_in
from server.clients import OpenCounts, key_of
from server.history import HistoryUnavailableError
from server.http.paths import PROBES, SOCKET_PATH, SOCKET_PATHS
from server.http.refusal import TOO_MANY_CONNECTIONS, HttpRefusal
from server.loop_share import METER
from server.messages import LONGEST_NAME
from server.services import Services
from server.tokens import presented
from server.web.files import PAGES
from voicelab.engines.pool.clients import client_scope

_USER = "voicelab.user"
_HEALTH = "/"
# The pages and their files hold no data. The data is under /app/api and /app/reports, which need a token.
_OPEN_TO_ALL = (*PROBES, "/openapi.json", "/app", *PAGES)
_PAGE_FILES = "/app/assets/"
# Signing out also works after the sign-in has expired.
_SIGN_OUT = ("DELETE", "/app/api/user")
_WORK = ("/api/voice/", "/v1/audio/", *SOCKET_PATHS)
_ONLY_READ = ("GET", "HEAD", "OPTIONS")
REQUESTS_BESIDE = 16
"""Number of requests that a client may have open in addition to its WebSockets: a page loads several files at once."""


def user_of(connection: HTTPConnection) -> str | None:
    """Return the user of the request's token; None when the server does not require tokens."""
    user: str | None = connection.scope.get(_USER)
    return user


class Gate:
    """ASGI middleware that admits requests, sets their user, or denies them.

    It also limits the WebSockets and requests that each client has open.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._sockets, self._requests = OpenCounts(), OpenCounts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        if METER in scope:
            # The layers before this one do not wait, so the time since the request began is the loop's time.
            scope[METER].arrive()
        services: Services = scope["app"].state.services
        connection = HTTPConnection(scope)
        denial = await _denial(connection, services)
        client = key_of(connection.client.host if connection.client else None, user_of(connection))
        if scope["path"] in PROBES:
            await self._answered(denial, connection, receive, send)
            return
        denial = denial or self._of_share(connection, client, services)
        places = self._sockets if scope["type"] == "websocket" else self._requests
        with places.held(client if denial is None else None), client_scope(client):
            if METER in scope:
                scope[METER].bind(client)
            await services.loop_share.turn()
            receive_in_turn = services.loop_share.receiver(receive)
            await services.loop_share.timed(self._answered(denial, connection, receive_in_turn, send))

    async def _answered(
        self, denial: HttpRefusal | None, connection: HTTPConnection, receive: Receive, send: Send
    ) -> None:
        """Pass an admitted request on, and answer a denied one."""
        scope = connection.scope
        if denial is None:
            await self._app(scope, receive, send)
            return
        services: Services = scope["app"].state.services
        services.metrics.denied(denial.code)
        response = denial.response(scope)
        if scope["type"] == "websocket":
            await WebSocket(scope, receive, send).send_denial_response(response)
        else:
            await response(scope, receive, send)

    def _of_share(self, connection: HTTPConnection, client: str | None, services: Services) -> HttpRefusal | None:
        """Deny a client that has too many connections open."""
        most = services.settings.most_per_client
        if connection.scope["type"] == "websocket":
            taken, what = self._sockets.taken(client), "WebSockets"
        else:
            taken, what, most = self._requests.taken(client), "requests", most + REQUESTS_BESIDE
        if taken < most:
            return None
        whose = client if client and client.startswith("user ") else f"the address {client}"
        message = f"{whose} has {taken} open {what}, the most it may have (MAX_CONNECTIONS_PER_CLIENT); close some"
        return HttpRefusal(429, TOO_MANY_CONNECTIONS, message, headers={"Retry-After": "10"})


async def _denial(connection: HTTPConnection, services: Services) -> HttpRefusal | None:
    """Return the reason to deny a request; None admits it, with its user in the scope."""
    return (
        _of_host(connection, services)
        or _of_path(connection, services.settings.root_path)
        or _of_query(connection)
        or _of_origin(connection, services)
        or await _of_token(connection, services)
        or _of_state(connection, services)
    )


def _of_host(connection: HTTPConnection, services: Services) -> HttpRefusal | None:
    named = connection.headers.getlist("host")
    if hosts.is_allowed(named, services.settings.allowed_hosts, services.settings.host):
        return None
    message = f"the host {named[0]} is not in ALLOWED_HOSTS" if len(named) == 1 else "send exactly one Host header"
    return HttpRefusal(400, "bad_host", message)


def _of_path(connection: HTTPConnection, prefix: str) -> HttpRefusal | None:
    """Deny a WebSocket at an unknown path, or plain HTTP at a WebSocket's path, and name the right address."""
    path, is_socket = connection.scope["path"], connection.scope["type"] == "websocket"
    if is_socket and path not in SOCKET_PATHS:
        own, *others = (prefix + there for there in SOCKET_PATHS)
        message = (
            f"there is no WebSocket at {prefix}{path[:100]}; it is at {own} ({', '.join(others)} speak other protocols)"
        )
        return HttpRefusal(404, "not_found", message)
    if not is_socket and path in SOCKET_PATHS:
        message = f"{prefix}{path} is a WebSocket; open it with ws:// or wss://"
        return HttpRefusal(426, "upgrade_required", message, headers={"Upgrade": "websocket", "Connection": "Upgrade"})
    return None


def _of_query(connection: HTTPConnection) -> HttpRefusal | None:
    """Deny a WebSocket whose `user_id` in the query is longer than `init` allows."""
    if connection.scope["type"] != "websocket":
        return None
    if all(len(user) <= LONGEST_NAME for user in connection.query_params.getlist("user_id")):
        return None
    return HttpRefusal(400, "bad_user_id", f"user_id holds at most {LONGEST_NAME} characters")


def _of_origin(connection: HTTPConnection, services: Services) -> HttpRefusal | None:
    """Deny WebSockets without an allowed origin, and modifying requests with a foreign one.

    Browsers always send the origin with a WebSocket, so a client without one is a program. SOCKET_PATH requires it
    nevertheless when there are no tokens; clients of the other protocols never send it.
    """
    origin = connection.headers.get("origin")
    if origin is None and (services.tokens or connection.scope["path"] != SOCKET_PATH):
        return None
    is_page = connection.scope["type"] == "websocket" or (
        origin is not None and connection.scope["method"] not in _ONLY_READ
    )
    if not is_page or origins.is_allowed(connection, services.settings.cors_origins):
        return None
    message = f"the origin {origin} is not in CORS_ORIGINS" if origin else "the Origin header is missing"
    return HttpRefusal(403, "bad_origin", message)


async def _of_token(connection: HTTPConnection, services: Services) -> HttpRefusal | None:
    if not services.tokens or _is_open(connection):
        return None
    token, cookie = presented(connection), sign_in.cookie_of(connection)
    try:
        user = await _identified(token, cookie, services)
    except HistoryUnavailableError as error:
        message = f"{error}; the page's sign-ins are stored there; a token in the Authorization header works without it"
        return HttpRefusal(503, "history_unavailable", message, headers={"Retry-After": "1"})
    if user is None:
        if connection.scope["path"] == _HEALTH:
            return None  # without a token it shows only the status and the version
        is_shown = token is not None or cookie is not None
        message = "unknown token" if is_shown else "send a token: Authorization: Bearer <token>"
        return HttpRefusal(401, "unauthorized", message, headers={"WWW-Authenticate": "Bearer"})
    requested = connection.query_params.get("user_id") or user
    if requested != user:
        return HttpRefusal(403, "forbidden", f"the token belongs to {user}; omit user_id")
    connection.scope[_USER] = user
    return None


def _is_open(connection: HTTPConnection) -> bool:
    path = connection.scope["path"]
    is_open = path in _OPEN_TO_ALL or path.startswith(_PAGE_FILES)
    return is_open or (connection.scope.get("method"), path) == _SIGN_OUT


async def _identified(token: str | None, cookie: str | None, services: Services) -> str | None:
    """Return the user of the token, else of the page's sign-in."""
    if token is not None:
        return services.tokens.user_of(token)
    return await services.history.sign_ins.user_of(cookie, services.tokens) if cookie is not None else None


def _of_state(connection: HTTPConnection, services: Services) -> HttpRefusal | None:
    if services.draining.is_set() and connection.scope["path"].startswith(_WORK):
        return HttpRefusal(
            503, "going_away", "the server is shutting down; connect again", headers={"Retry-After": "1"}
        )
    most = services.settings.max_connections
    if connection.scope["type"] == "websocket" and services.active_connections >= most:
        message = f"all {most} connections are in use (MAX_CONNECTIONS); try again later"
        return HttpRefusal(503, TOO_MANY_CONNECTIONS, message, headers={"Retry-After": "10"})
    return None
