"""What a run speaks to: the pipeline in this process, or a server (its own or another) over the WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from time import perf_counter
from typing import IO, Protocol
from urllib.parse import urlsplit

import httpx

from voicelab.addresses import basic_authorization
from voicelab.agent.base import Dialogue
from voicelab.agent.catalog import AGENTS
from voicelab.asr.catalog import RECOGNIZERS
from voicelab.audio.incoming import Mode
from voicelab.datasets.text_files import split_lines
from voicelab.engines.pool.children import SERVER_SECRETS, python_command, safe_environment
from voicelab.engines.spec import Catalog
from voicelab.errors import ConnectionLostError, EngineError, InputError, NoSpeechError, TurnTooLongError, VoicelabError
from voicelab.pipeline.turn import AgentAnswer, Pipeline, Recognition, SpokenReply, Turn
from voicelab.runs.client import AudioClock, TurnOutcome, VoiceClient, paced, request_chunks
from voicelab.runs.records import EngineUsed, RunSpec
from voicelab.runs.storage import faults_named
from voicelab.tts.catalog import VOICES

_START_LIMIT_S = 300.0
_STOP_LIMIT_S = 10.0
CATALOGS: tuple[Catalog, Catalog, Catalog] = (RECOGNIZERS, AGENTS, VOICES)


class Session(Protocol):
    """One conversation."""

    session_id: str

    async def speak(self, audio: bytes, mode: Mode = "burst", *, source: str = "the recording") -> TurnOutcome: ...


class Target(Protocol):
    """Something that holds conversations, and the engines that it really uses."""

    engines: tuple[EngineUsed, ...]

    def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AbstractAsyncContextManager[Session]:
        """Begin a conversation, or go on with session_id, in which heard_before was already said.

        Raises ConnectionLostError when the target cannot be reached, now or later in the session.
        """

    def gone(self) -> str | None:
        """Why the target will not come back; None while it may."""


def check_engines(spec: RunSpec) -> None:
    """Raise InputError or EngineMissingError when an engine that is asked for is not in its table, or not installed."""
    for catalog, name in zip(CATALOGS, (spec.asr, spec.agent, spec.tts), strict=True):
        if name is not None or spec.target in ("server", "in-process"):
            catalog.config(name or "")


def check_target(spec: RunSpec) -> None:
    """Raise InputError or EngineMissingError for engines or an address that cannot be used."""
    check_engines(spec)
    if spec.target not in ("server", "in-process"):
        _check_address(spec.target)


def _check_address(address: str) -> None:
    try:
        parts = urlsplit(address)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise InputError(f"--url {address}: {error}; give the server's address as http://host:port") from error
    if not usable:
        raise InputError(f"--url {address}: give the server's address as http://host:port")


@asynccontextmanager
async def open_target(spec: RunSpec, *, folder: Path) -> AsyncIterator[Target]:
    """What the spec names, checked and ready. folder: where a server of its own keeps its log and its database.

    Raises InputError or EngineError when it cannot be had, or has not the engines that were asked for.
    """
    check_target(spec)
    if spec.target == "in-process":
        async with _local(spec) as local:
            yield local
    elif spec.target == "server":
        async with own_server(spec, folder) as server:
            yield await _ServerTarget.reach(server.address, spec, own=server)
    else:
        yield await _ServerTarget.reach(spec.target, spec)


class _LocalTarget:
    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self.engines = tuple(EngineUsed(**asdict(info)) for info in pipeline.engines)

    def gone(self) -> str | None:
        return None

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        session = _LocalSession(self._pipeline, user_id, session_id or user_id)
        for heard in heard_before:
            await session.remember(heard)
        yield session


@asynccontextmanager
async def _local(spec: RunSpec) -> AsyncIterator[Target]:
    pipeline = await Pipeline.open(str(spec.asr), str(spec.agent), str(spec.tts))
    try:
        yield _LocalTarget(pipeline)
    finally:
        await pipeline.close()


class _LocalSession:
    """A conversation with the pipeline itself, timed as the client times one with a server."""

    def __init__(self, pipeline: Pipeline, user_id: str, session_id: str) -> None:
        self._pipeline = pipeline
        self._dialogue = Dialogue(user_id)
        self.session_id = session_id

    async def remember(self, heard: str) -> None:
        """Bring the dialogue to where it was after a turn that an earlier, killed run took."""
        self._dialogue = self._dialogue.after(heard, await self._pipeline.agent.call("respond", heard, self._dialogue))

    async def speak(self, audio: bytes, mode: Mode = "burst", *, source: str = "the recording") -> TurnOutcome:
        take, clock = TurnOutcome(), AudioClock()
        turn = Turn(self._pipeline, self._dialogue)
        try:
            async for chunk in paced(request_chunks(audio, mode, source=source), mode):
                t_end = perf_counter()
                await turn.receive(chunk.data, chunk.form, chunk.sample_rate_hz)
            async for event in turn.finish():
                at_s = perf_counter() - t_end
                if isinstance(event, Recognition):
                    take.heard, take.transcript_s = event.transcript.text, at_s
                elif isinstance(event, AgentAnswer):
                    reply = event.reply
                    take.answer, take.intent, take.reply_text_s = reply.text, reply.intent, at_s
                    take.entities = [asdict(entity) for entity in reply.entities]
                    take.candidates = [asdict(entity) for entity in reply.candidates]
                    self._dialogue = self._dialogue.after(event.heard, reply)
                elif isinstance(event, SpokenReply):
                    clock.arrived(at_s, event.data)
                    if event.last:
                        take.turn_s = at_s
        except NoSpeechError as error:
            take.error = ("no_speech", str(error))
        except TurnTooLongError as error:
            take.error = ("turn_too_long", str(error))
        except InputError as error:
            take.error = ("bad_audio", str(error))
        except EngineError as error:
            take.error = ("engine_failed", str(error))
        finally:
            await turn.close()
        take.stages = asdict(turn.times)
        take.reply_audio, take.chunks = clock.audio, clock.chunks
        take.first_audio_s = clock.first_sound_s()
        return take


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server that a run started: http://127.0.0.1:port, its process, and its log."""

    address: str
    process: asyncio.subprocess.Process
    log: Path

    def gone(self) -> str | None:
        """How its process ended; None while it runs."""
        code = self.process.returncode
        if code is None:
            return None
        how = f"was ended by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"ended with exit code {code}"
        return f"the server of this run {how}; see {self.log}"


class _ServerTarget:
    def __init__(
        self, address: str, engines: tuple[EngineUsed, ...], timeout_s: float, own: OwnServer | None = None
    ) -> None:
        self.engines = engines
        self._timeout_s = timeout_s
        self._own = own
        parts = urlsplit(address)
        scheme = "wss" if parts.scheme == "https" else "ws"
        self._url = f"{scheme}://{parts.netloc}/ws/voice/simple"

    @classmethod
    async def reach(cls, address: str, spec: RunSpec, own: OwnServer | None = None) -> _ServerTarget:
        """Ask a server what it runs, and hold that against what was asked for."""
        _check_address(address)
        try:
            async with httpx.AsyncClient(trust_env=False, timeout=spec.timeout_s) as client:
                answer = await client.get(address, headers=basic_authorization(address))
                answer.raise_for_status()
                found = answer.json()
                if found["status"] == "ok" and "engines" not in found:
                    raise InputError(_needs_token(address))
                engines = tuple(EngineUsed.model_validate(row) for row in found["engines"])
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"--url {address}: no voicelab server answers there: {error}; start one: make run-server"
            ) from error
        for catalog, wanted in zip(CATALOGS, (spec.asr, spec.agent, spec.tts), strict=True):
            if wanted is not None:
                _check_same(catalog, wanted, engines)
        return cls(address, engines, spec.timeout_s, own)

    def gone(self) -> str | None:
        return self._own.gone() if self._own is not None else None

    @asynccontextmanager
    async def session(
        self, user_id: str, session_id: str | None = None, heard_before: tuple[str, ...] = ()
    ) -> AsyncIterator[Session]:
        async with VoiceClient.connect(
            self._url, user_id=user_id, session_id=session_id, timeout_s=self._timeout_s
        ) as client:
            yield client


def _needs_token(address: str) -> str:
    parts = urlsplit(address)
    user = "another user's token, or none that it knows" if basic_authorization(address) else "no token"
    return (
        f"--url {address}: this server wants a token and got {user}; write {parts.scheme}://USER:TOKEN@{parts.netloc}"
    )


def _check_same(catalog: Catalog, wanted: str, engines: tuple[EngineUsed, ...]) -> None:
    """What was asked for must be what runs, or the figures would carry a wrong name."""
    config = catalog.config(wanted)
    for engine in engines:
        if engine.kind == catalog.kind and engine.name == config.name and engine.options == dict(config.options):
            return
    running = ", ".join(f"{engine.name} {engine.options}" for engine in engines if engine.kind == catalog.kind)
    raise InputError(
        f"asked for {catalog.kind} {wanted!r}, but the server runs {running}; leave --{catalog.kind} out to take it"
    )


@asynccontextmanager
async def own_server(spec: RunSpec, folder: Path, **settings: str) -> AsyncIterator[OwnServer]:
    """A server on a free port of this machine, for as long as the block lasts; its log is server.log in the folder.

    settings: further settings of the server, by the names of their variables.

    The socket is bound here and handed over, so that no other process can take the port in between. The server also
    ends when this process is killed: it holds the other end of its standard input.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        log = folder / "server.log"
        history = f"sqlite+aiosqlite:///{(folder / 'history.sqlite3').resolve()}"
        # Tokens are for those who use another server: here this process alone does.
        engines = {"ASR": str(spec.asr), "AGENT": str(spec.agent), "TTS": str(spec.tts)}
        own = {"HOST": "127.0.0.1", "DATABASE_URL": history, **engines, **settings}
        environment = safe_environment(without=SERVER_SECRETS | own.keys(), **own)
        with faults_named(log), _private(log) as sink:
            process = await asyncio.create_subprocess_exec(
                *python_command("server", "--fd", str(listener.fileno()), "--end-with-stdin"),
                pass_fds=[listener.fileno()],
                stdin=asyncio.subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                env=environment,
            )
    try:
        await _until_ready(address, process, log)
        yield OwnServer(address, process, log)
    finally:
        if process.returncode is None:
            process.terminate()
            try:
                await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
            except TimeoutError:
                process.kill()
                await process.wait()


def _private(file: Path) -> IO[bytes]:
    """The file, opened to add to, and if it is made now, readable by its owner alone: a log may hold what was said."""
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")


async def _until_ready(address: str, process: asyncio.subprocess.Process, log: Path) -> None:
    async with httpx.AsyncClient(trust_env=False, timeout=_START_LIMIT_S) as client:
        answered = asyncio.ensure_future(client.get(address))
        ended = asyncio.ensure_future(process.wait())
        await asyncio.wait({answered, ended}, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            answered.cancel()
            await asyncio.gather(answered, return_exceptions=True)
            raise _start_failure(ended.result(), log)
        ended.cancel()
        try:
            (await answered).raise_for_status()
        except httpx.HTTPError as error:
            # A server that cannot start closes its socket a moment before it ends, and it has said why.
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
                raise _start_failure(code, log) from error
            raise ConnectionLostError(f"the server did not start: {error!r}; see {log}") from error


def _start_failure(code: int, log: Path) -> VoicelabError:
    said = split_lines(log.read_text(encoding="utf-8", errors="replace").strip())
    lines = [line for line in said if "Application startup failed" not in line] or ["it printed nothing"]
    kind = InputError if code == 2 else ConnectionLostError
    return kind(f"the server did not start (exit code {code}): {lines[-1].removeprefix('ERROR:').strip()}; see {log}")
