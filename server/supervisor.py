"""Several server processes on one socket: they are started, replaced when they die, and ended together."""

from __future__ import annotations

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
from voicelab.engines.pool.pool import available_cores

logger = logging.getLogger("server")

_LOOK_AGAIN_S = 0.1
_GRACE_S = 3.0
_YOUNG_S = 5.0
_MOST_YOUNG_DEATHS = 5
_NO_START = (1, 2)  # the exit codes of a worker that could not start; it would not the next time either


@dataclass(slots=True)
class _Worker:
    """A worker process. started_s: when, on the monotonic clock. unsent: what its pipe had no room for yet."""

    process: subprocess.Popen[bytes]
    started_s: float
    unsent: bytes = b""

    def send(self, line: str = "") -> None:
        """Write a line, as far as the pipe takes it; the rest goes with later calls. A dead worker gets none."""
        self.unsent += f"{line}\n".encode() if line else b""
        if self.unsent and self.process.stdin is not None:
            with suppress(BlockingIOError, BrokenPipeError):
                self.unsent = self.unsent[os.write(self.process.stdin.fileno(), self.unsent) :]


class Supervisor:
    """Runs `settings.workers` times `python -m server --fd N`, all accepting from one listening socket.

    Each is given standard input as a pipe, down which the accepted tokens go: at first, and when SIGHUP has changed
    them. When this process is killed, the workers end with their pipes. environment: settings that were options here.
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
        """Until a signal comes or a worker cannot be started; the exit code is 0, or that worker's."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        if self._settings.auth_tokens_file is not None:
            signal.signal(signal.SIGHUP, self._hang_up)
        # Listening here, not in each worker: a connection that comes while one is replaced waits instead of failing.
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

    def _hang_up(self, _number: int, _frame: FrameType | None) -> None:
        self._must_reread = True

    def _hand_down_tokens(self) -> None:
        """Read the tokens again after a SIGHUP, and give every worker what it has not got yet."""
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
            # In whatever form it was given, which other users of the machine could read as an option.
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
            # Ctrl-C goes to this process alone, which then ends the workers.
            start_new_session=True,
        )
        assert process.stdin is not None
        os.set_blocking(process.stdin.fileno(), False)
        worker = _Worker(process, time.monotonic())
        worker.send(self._tokens.digests())
        self._workers.append(worker)
        logger.info("Worker %d started", process.pid)

    def _replace_the_dead(self) -> int:
        """The exit code to end with; 0 to go on."""
        for worker in list(self._workers):
            code, pid = worker.process.poll(), worker.process.pid
            if code is None:
                continue
            self._forget(worker)
            if self._ending:
                continue
            self._young_deaths = self._young_deaths + 1 if time.monotonic() - worker.started_s < _YOUNG_S else 0
            if code in _NO_START or self._young_deaths >= _MOST_YOUNG_DEATHS:
                logger.error("Worker %d ended with exit code %d while it started; the server ends", pid, code)
                return code if code > 0 else 1
            logger.warning("Worker %d died (%s); another takes its place", pid, _cause(code))
            self._start()
        return 0

    def _forget(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        if worker.process.stdin is not None:
            worker.process.stdin.close()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._metrics
        mark_process_dead(worker.process.pid)  # type: ignore[no-untyped-call]

    def _end_all(self, code: int) -> int:
        """Each ends by itself within its limit; one that does not is killed."""
        for worker in self._workers:
            worker.process.terminate()
        deadline = time.monotonic() + self._settings.shutdown_limit_s + _GRACE_S
        for worker in list(self._workers):
            try:
                worker.process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("Worker %d does not end; it is killed", worker.process.pid)
                worker.process.kill()
                worker.process.wait()
            self._forget(worker)
        return code


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
