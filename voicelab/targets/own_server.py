"""A server that a run starts on a free port of this machine."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

import httpx

from voicelab.datasets.text_files import split_lines
from voicelab.engines.pool.children import SERVER_SECRETS, python_command, safe_environment
from voicelab.errors import ConnectionLostError, InputError, StorageError, VoicelabError
from voicelab.targets.base import TargetSettings
from voicelab.targets.voicelab_server import VoicelabServer

_START_LIMIT_S = 300.0
_STOP_LIMIT_S = 10.0


class EngineChoice(Protocol):
    """The engines of a server. RunSpec and TargetSettings implement this protocol."""

    @property
    def asr(self) -> str | None: ...
    @property
    def agent(self) -> str | None: ...
    @property
    def tts(self) -> str | None: ...


class OwnServerTarget(VoicelabServer):
    """A voicelab server started for the run, with the engines of --asr, --agent and --tts."""

    def __init__(self, *, partials: bool = False) -> None:
        super().__init__(url="http://127.0.0.1", partials=partials)  # replaced once the server has a port
        self._stack = AsyncExitStack()
        self._server: OwnServer | None = None

    async def open(self, settings: TargetSettings) -> None:
        async with AsyncExitStack() as stack:
            self._server = await stack.enter_async_context(own_server(settings, settings.folder))
            self.url = self._server.address
            await super().open(settings)
            self._stack = stack.pop_all()

    async def close(self) -> None:
        await self._stack.aclose()

    def gone(self) -> str | None:
        return self._server.gone() if self._server is not None else None


@dataclass(frozen=True, slots=True)
class OwnServer:
    """A server started by a run: http://127.0.0.1:port, its process, and its log."""

    address: str
    process: asyncio.subprocess.Process
    log: Path

    def gone(self) -> str | None:
        """Return a sentence on the end of the process; None while it runs."""
        code = self.process.returncode
        if code is None:
            return None
        how = (
            f"was killed by signal {-code} ({signal.strsignal(-code)})" if code < 0 else f"ended with exit code {code}"
        )
        return f"the server of this run {how}; see {self.log}"


@asynccontextmanager
async def own_server(engines_of: EngineChoice, folder: Path, **settings: str) -> AsyncIterator[OwnServer]:
    """Run a server on a free port of this machine during the block. Its log is server.log in the folder.

    settings: additional settings of the server, by the names of their variables.

    The socket is bound here and passed to the server, so that no other process can take the port in between. The server
    also ends if this process is killed, because its standard input is a pipe from this process.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(128)
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        log = folder / "server.log"
        history = f"sqlite:///{(folder / 'history.sqlite3').resolve()}"
        # No tokens: only this process uses the server.
        engines = {"ASR": str(engines_of.asr), "AGENT": str(engines_of.agent), "TTS": str(engines_of.tts)}
        own = {"HOST": "127.0.0.1", "DATABASE_URL": history, **engines, **settings}
        environment = safe_environment(without=SERVER_SECRETS | own.keys(), **own)
        with _private(log) as sink:
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
    """Open a file for appending. A new file is readable only by its owner, because a log may contain transcripts."""
    try:
        return os.fdopen(os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab")
    except OSError as error:
        raise StorageError(f"{file}: cannot be written: {error.strerror or error}") from error


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
            # A server that cannot start prints the reason and closes its socket just before it exits.
            with contextlib.suppress(TimeoutError):
                code = await asyncio.wait_for(process.wait(), _STOP_LIMIT_S)
                raise _start_failure(code, log) from error
            raise ConnectionLostError(f"the server did not start: {error!r}; see {log}") from error


def _start_failure(code: int, log: Path) -> VoicelabError:
    said = split_lines(log.read_text(encoding="utf-8", errors="replace").strip())
    lines = [line for line in said if "Application startup failed" not in line] or ["it printed nothing"]
    kind = InputError if code == 2 else ConnectionLostError
    return kind(f"the server did not start (exit code {code}): {lines[-1].removeprefix('ERROR:').strip()}; see {log}")
