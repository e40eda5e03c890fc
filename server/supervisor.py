"""Run several server processes on one socket: start them, replace those that die, and end them together."""

import logging
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType

from prometheus_client.multiprocess import mark_process_dead

from server.settings import Settings
from server.token_reload import reread
from server.tokens import Tokens
from voicelab.engines.pool.children import SERVER_SECRETS, python_command, safe_environment
from voicelab.engines.pool.cores import available_cores

logger = logging.getLogger("server")

_LOOK_AGAIN_S = 0.1
_GRACE_S = 3.0
_YOUNG_S = 5.0
_MOST_YOUNG_DEATHS = 5
_NO_START = (1, 2)  # exit codes of a worker that could not start and would fail again


@dataclass(slots=True)
class _Worker:
    """A worker process. started_s: start on the monotonic clock. unsent: bytes that its pipe has not accepted yet."""

    process: subprocess.Popen[bytes]
    started_s: float
    unsent: bytes = b""

    def send(self, line: str = "") -> None:
        """Write as much of a line as the pipe accepts; later calls write the rest. Ignores dead workers."""
        self.unsent += f"{line}\n".encode() if line else b""
        if self.unsent and self.process.stdin is not None:
            with suppress(BlockingIOError, BrokenPipeError):
                self.unsent = self.unsent[os.write(self.process.stdin.fileno(), self.unsent) :]


class Supervisor:
    """Run `settings.workers` processes of `python -m server --fd N` on one listening socket.

    The standard input of each worker is a pipe that carries the accepted tokens, at the start and after each SIGHUP.
    If this process is killed, the pipes close and the workers end. environment: settings given as command-line options.
    """

    def __init__(
        self, settings: Settings, listener: socket.socket, tokens: Tokens, environment: Mapping[str, str]
    ) -> None:
        self._settings = settings
        self._listener = listener
        self._tokens = tokens
        self._environment = environment
        self._workers: list[_Worker] = []
        self._must_reread = False
        self._young_deaths = 0
        self._ending = False
        self._metrics = tempfile.mkdtemp(prefix="voicelab-metrics-")

    def run(self) -> int:
        """Run until a signal arrives (returns 0) or a worker cannot start (returns its exit code)."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        if self._settings.auth_tokens_file is not None:
            signal.signal(signal.SIGHUP, self._on_sighup)
        # Listen here and not in the workers, so that connections wait while a worker is replaced.
        self._listener.listen(1024)
        try:
            for _ in range(self._settings.workers):
                self._start()
            code = 0
            while not self._ending and code == 0:
                time.sleep(_LOOK_AGAIN_S)
                self._hand_down_tokens()
                code = self._replace_the_dead()
            return self._end_all(code)
        finally:
            shutil.rmtree(self._metrics, ignore_errors=True)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self._ending and number == signal.SIGINT:
            for worker in self._workers:
                worker.process.send_signal(number)
        self._ending = True

    def _on_sighup(self, _number: int, _frame: FrameType | None) -> None:
        self._must_reread = True

    def _hand_down_tokens(self) -> None:
        """Reload the tokens after a SIGHUP, and send pending lines to the workers."""
        found = None
        if self._must_reread and self._settings.auth_tokens_file is not None:
            self._must_reread = False
            found = reread(self._settings.auth_tokens_file)
        if found is not None:
            self._tokens = found
        for worker in self._workers:
            worker.send(found.digests() if found is not None else "")

    def _start(self) -> None:
        descriptor = self._listener.fileno()
        cores = max(1, available_cores() // self._settings.workers)
        own = {
            **self._environment,
            # Passed in the environment because other users of the machine can read command lines.
            "DATABASE_URL": self._settings.database_url,
            "ASR_WORKERS": str(self._settings.asr_workers or cores),
            "PROMETHEUS_MULTIPROC_DIR": self._metrics,
            "WORKERS": "1",
        }
        process = subprocess.Popen(
            python_command("server", "--fd", str(descriptor), "--worker"),
            env=safe_environment(without=SERVER_SECRETS | own.keys(), **own),
            pass_fds=[descriptor],
            stdin=subprocess.PIPE,
            # In a new session, so that Ctrl-C reaches only this process, which then ends the workers.
            start_new_session=True,
        )
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        worker = _Worker(process, time.monotonic())
        worker.send(self._tokens.digests())
        self._workers.append(worker)
        logger.info("Worker %d started", process.pid)

    def _replace_the_dead(self) -> int:
        """Replace dead workers. Returns 0 to continue, else the exit code to end with."""
        for worker in list(self._workers):
            code, pid = worker.process.poll(), worker.process.pid
            if code is None:
                continue
            self._forget(worker)
            if self._ending:
                continue
            self._young_deaths = self._young_deaths + 1 if time.monotonic() - worker.started_s < _YOUNG_S else 0
            if code in _NO_START or self._young_deaths >= _MOST_YOUNG_DEATHS:
                logger.error("Worker %d exited with code %d during its start; the server ends", pid, code)
                return code if code > 0 else 1
            logger.warning("Worker %d died (%s); starting another", pid, _cause(code))
            self._start()
        return 0

    def _forget(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        if worker.process.stdin is not None:
            worker.process.stdin.close()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._metrics
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

    def _end_all(self, code: int) -> int:
        """Terminate the workers, and kill those that do not end within SHUTDOWN_LIMIT_S."""
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._settings.shutdown_limit_s + _GRACE_S
        for worker in list(self._workers):
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("Worker %d did not end in time; killing it", worker.process.pid)
                worker.process.kill()
                worker.process.wait()
            self._forget(worker)
        return code


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
