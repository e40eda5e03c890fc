"""Several server processes on one socket: they are started, replaced when they die, and ended together."""

from __future__ import annotations

import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from types import FrameType

from prometheus_client.multiprocess import mark_process_dead

from server.settings import Settings
from voicelab.hosting import available_cores

logger = logging.getLogger("server")

_LOOK_AGAIN_S = 0.1
_GRACE_S = 3.0
_YOUNG_S = 5.0
_MOST_YOUNG_DEATHS = 5
_NO_START = (1, 2)  # the exit codes of a worker that could not start; it would not the next time either


class Supervisor:
    """Runs `settings.workers` times `python -m server --fd N`, all accepting from one listening socket.

    Each is given standard input as a pipe that nobody writes to: when this process is killed, they end with it.
    """

    def __init__(self, settings: Settings, listener: socket.socket, options: Sequence[str]) -> None:
        self._settings = settings
        self._listener = listener
        self._options = options
        self._workers: dict[subprocess.Popen[bytes], float] = {}
        self._young_deaths = 0
        self._ending = False
        self._metrics = tempfile.mkdtemp(prefix="voicelab-metrics-")

    def run(self) -> int:
        """Until a signal comes or a worker cannot be started; the exit code is 0, or that worker's."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        # Listening here, not in each worker: a connection that comes while one is replaced waits instead of failing.
        self._listener.listen(1024)
        try:
            for _ in range(self._settings.workers):
                self._start()
            code = 0
            while not self._ending and code == 0:
                time.sleep(_LOOK_AGAIN_S)
                code = self._replace_the_dead()
            return self._end_all(code)
        finally:
            shutil.rmtree(self._metrics, ignore_errors=True)

    def _end(self, number: int, _frame: FrameType | None) -> None:
        if self._ending and number == signal.SIGINT:
            for worker in self._workers:
                worker.send_signal(number)
        self._ending = True

    def _start(self) -> None:
        descriptor = self._listener.fileno()
        cores = max(1, available_cores() // self._settings.workers)
        environment = {
            **os.environ,
            "ASR_WORKERS": str(self._settings.asr_workers or cores),
            "PROMETHEUS_MULTIPROC_DIR": self._metrics,
            "WORKERS": "1",
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "server", "--fd", str(descriptor), "--end-with-stdin", *self._options],
            env=environment,
            pass_fds=[descriptor],
            stdin=subprocess.PIPE,
            # Ctrl-C goes to this process alone, which then ends the workers.
            start_new_session=True,
        )
        self._workers[worker] = time.monotonic()
        logger.info("Worker %d started", worker.pid)

    def _replace_the_dead(self) -> int:
        """The exit code to end with; 0 to go on."""
        for worker, started in list(self._workers.items()):
            code = worker.poll()
            if code is None:
                continue
            self._forget(worker)
            if self._ending:
                continue
            self._young_deaths = self._young_deaths + 1 if time.monotonic() - started < _YOUNG_S else 0
            if code in _NO_START or self._young_deaths >= _MOST_YOUNG_DEATHS:
                logger.error("Worker %d ended with exit code %d while it started; the server ends", worker.pid, code)
                return code if code > 0 else 1
            logger.warning("Worker %d died (%s); another takes its place", worker.pid, _cause(code))
            self._start()
        return 0

    def _forget(self, worker: subprocess.Popen[bytes]) -> None:
        del self._workers[worker]
        if worker.stdin is not None:
            worker.stdin.close()
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = self._metrics
        mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]

    def _end_all(self, code: int) -> int:
        """Each ends by itself within its limit; one that does not is killed."""
        for worker in self._workers:
            worker.terminate()
        deadline = time.monotonic() + self._settings.shutdown_limit_s + _GRACE_S
        for worker in list(self._workers):
            try:
                worker.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                logger.error("Worker %d does not end; it is killed", worker.pid)
                worker.kill()
                worker.wait()
            self._forget(worker)
        return code


def _cause(code: int) -> str:
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
