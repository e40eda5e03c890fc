"""HTTP routes for the status, typed commands and the history."""

import asyncio
from dataclasses import asdict
from datetime import datetime
from time import perf_counter
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Json, StringConstraints

from server.faults import as_refusals
from server.gate import user_of
from server.history import TurnRecord
from server.http.paths import SOCKET_PATH
from server.messages import LONGEST_TEXT, ClientMessage, ErrorCode, Mode, Name, Refused
from server.services import Services, version
from server.session import ANONYMOUS, CLIENT_LEFT
from voicelab.agent.base import Entity, Reply, ToolCall
from voicelab.engines.spec import EngineInfo
from voicelab.pipeline.turn import Turn

router = APIRouter()


# FastAPI runs synchronous routes and dependencies in the threads of anyio, which all clients share without limits. No
# route uses them: blocking work runs in the threads of `Services.pools`.
async def services_of(request: Request) -> Services:
    """Return the shared state of the running server."""
    services: Services = request.app.state.services
    return services


async def _token_user(request: Request) -> str | None:
    return user_of(request)


SharedServices = Annotated[Services, Depends(services_of)]
TokenUser = Annotated[str | None, Depends(_token_user)]
"""The token's user; None when the server does not require tokens."""


class Running(BaseModel):
    """The server's status and version, the only fields shown without a required token."""

    model_config = ConfigDict(extra="forbid")
    status: str
    version: str


class Health(Running):
    """The server's status, version and engines."""

    engines: list[EngineInfo]


class SocketStatus(BaseModel):
    """The WebSocket endpoint, the modes of `init`, and the number of open connections."""

    status: str
    endpoint: str
    modes: list[Mode]
    active_connections: int
    engines: list[EngineInfo]


class Command(ClientMessage):
    """A typed turn; without session_id it starts a new session."""

    command: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT)]
    user_id: Name | None = None
    session_id: Name | None = None


class CommandAnswer(BaseModel):
    """The agent's answer to a command."""

    response_text: str
    intent: str
    entities: list[Entity]
    session_id: str
    processing_time_ms: float


class SessionView(BaseModel):
    """A session without its turns. ended_at is null while it has a connection, or if its server was killed."""

    session_id: str
    user_id: str
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    turn_count: int


class SessionPage(BaseModel):
    """A page of sessions, newest first. total: number of sessions on all pages."""

    sessions: list[SessionView]
    total: int
    limit: int
    offset: int


class TurnView(BaseModel):
    """A stored turn. stage_times: in seconds. error: the code of a failed turn."""

    model_config = ConfigDict(from_attributes=True)
    number: int
    created_at: datetime
    kind: str
    transcription: str | None
    agent_response: str | None
    intent: str | None
    entities: Json[list[Entity]]
    stage_times: Json[dict[str, float | None]]
    audio_bytes_in: int
    audio_bytes_out: int
    error: str | None
    tool_calls: Json[list[ToolCall]]


class SessionDetail(SessionView):
    """A session with a page of its turns: at most `limit`, after the first `offset`. turn_count counts all turns."""

    turns: list[TurnView]
    limit: int
    offset: int


class Problem(BaseModel):
    """An error: a code of docs/reference/protocol.md and a message."""

    code: ErrorCode
    message: str


class ProblemBody(BaseModel):
    """The body of an error response."""

    detail: Problem


_NO_SESSION: dict[int | str, dict[str, Any]] = {404: {"model": ProblemBody, "description": "No such session."}}


@router.get("/", summary="Health")
async def health(services: SharedServices, token_user: TokenUser) -> Health | Running:
    if services.tokens and token_user is None:
        return Running(status="ok", version=version())
    return Health(status="ok", version=version(), engines=list(services.pipeline.engines))


@router.get("/ws/status/audio", summary="WebSocket status")
async def socket_status(services: SharedServices) -> SocketStatus:
    return SocketStatus(
        status="ok",
        endpoint=SOCKET_PATH,
        modes=[mode for mode in get_args(Mode) if mode != "continuous" or services.vad_batcher is not None],
        active_connections=services.active_connections,
        engines=list(services.pipeline.engines),
    )


@router.post("/api/voice/command", summary="Answer a typed turn as text", responses=_NO_SESSION)
async def command(body: Command, services: SharedServices, token_user: TokenUser) -> CommandAnswer:
    start = perf_counter()
    with as_refusals():
        user_id = body.user_id or token_user or ANONYMOUS
        if token_user not in (None, user_id):
            raise Refused(ErrorCode.FORBIDDEN, f"the token belongs to {token_user}; omit user_id")
        session_id = await _session_for(user_id, body, services)
        reply = await _respond(body.command, user_id, session_id, services)
    return CommandAnswer(
        response_text=reply.text,
        intent=reply.intent,
        entities=list(reply.entities),
        session_id=session_id,
        processing_time_ms=1000 * (perf_counter() - start),
    )


@router.get("/api/conversation-sessions/sessions", summary="List sessions, newest first")
async def sessions(
    services: SharedServices,
    token_user: TokenUser,
    user_id: Annotated[Name | None, Query(description="only sessions of this user")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    offset: Annotated[int, Query(ge=0, le=2**31)] = 0,
) -> SessionPage:
    found, total = await services.history.sessions(token_user or user_id, limit=limit, offset=offset)
    views = [SessionView(**asdict(summary)) for summary in found]
    return SessionPage(sessions=views, total=total, limit=limit, offset=offset)


@router.get(
    "/api/conversation-sessions/sessions/{session_id}",
    summary="Get a session with its turns",
    responses=_NO_SESSION,
    response_model=SessionDetail,
)
async def session(
    session_id: Name,
    services: SharedServices,
    token_user: TokenUser,
    limit: Annotated[int, Query(ge=1, le=200, description="maximum number of turns")] = 100,
    offset: Annotated[int, Query(ge=0, le=2**31 - 1, description="number of turns to skip")] = 0,
) -> Response:
    found = await services.history.session(session_id)
    if found is None or token_user not in (None, found.user_id):
        raise Refused(ErrorCode.UNKNOWN_SESSION, f"there is no session {session_id}")
    turns = await services.history.turns(session_id, limit=limit, offset=offset)

    def written() -> str:
        views = [TurnView.model_validate(turn) for turn in turns]
        return SessionDetail(**asdict(found), turns=views, limit=limit, offset=offset).model_dump_json()

    return Response(await services.pools.files.run(written), media_type="application/json")


async def _session_for(user_id: str, body: Command, services: Services) -> str:
    if body.session_id is None:
        return await services.history.start_session(user_id, connected=False)
    if not await services.history.has_session(body.session_id, user_id):
        message = f"{user_id} has no session {body.session_id}; omit session_id to start a new one"
        raise Refused(ErrorCode.UNKNOWN_SESSION, message)
    return body.session_id


async def _respond(typed: str, user_id: str, session_id: str, services: Services) -> Reply:
    """Run a typed turn up to the agent's answer, and store it whether it fails or not."""
    dialogue = await services.history.dialogue(session_id, user_id)
    turn = Turn(services.pipeline, dialogue)
    record = TurnRecord("typed", heard=typed, times=turn.times, intervals=turn.intervals)
    try:
        record.reply = await turn.reply(typed)
    except asyncio.CancelledError:
        record.error = CLIENT_LEFT
        raise
    except Exception:
        record.error = ErrorCode.ENGINE_FAILED
        raise
    finally:
        await turn.close()
        await services.keep(session_id, user_id, record)
    assert record.reply is not None
    return record.reply
