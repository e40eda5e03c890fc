"""The threads that serve one engine."""

import threading
from collections.abc import Callable, Iterable

from voicelab.engines.pool.dispatch import Dispatcher
from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.pool.scheduler import Scheduler
from voicelab.engines.pool.transport import RequestTransport
from voicelab.engines.spec import EngineConfig


class WorkerThreads:
    """Threads that share one engine; more than one for engines whose utterances are independent.

    The idle thread reads the transport itself. A separate reader thread would add one wake-up per request, which is
    most of the latency of a short answer. The threads end when the transport closes. They are daemons, so a hung thread
    does not keep the program alive.

    deliver: called with each answer to report, in the order of service. first: requests that arrived before the
    transport's.
    """

    def __init__(
        self,
        config: EngineConfig,
        threads: int,
        transport: RequestTransport,
        deliver: Callable[[Answer], None],
        *,
        first: Iterable[Request] = (),
    ) -> None:
        self._dispatcher = Dispatcher(config)
        self._transport = transport
        self._deliver_answer = deliver
        self._scheduler = Scheduler()
        for request in first:
            self._scheduler.add(request)
        self._changed = threading.Condition()
        self._is_waited_for = False
        name = f"{config.kind}-{config.name}"
        self._threads = [threading.Thread(target=self._serve, name=name, daemon=True) for _ in range(threads)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def join(self, limit_s: float) -> None:
        """Wait for requests in progress, at most limit_s seconds per thread."""
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(limit_s)

    def _serve(self) -> None:
        try:
            request = served = None
            while True:
                with self._changed:
                    self._say(request, served)
                    request = self._next()
                served = self._dispatcher.serve(request)
        except (EOFError, ConnectionError):
            # The other end has closed.
            with self._changed:
                self._changed.notify_all()

    def _next(self) -> Request:
        """Return the next request; waits without the lock."""
        while True:
            if not self._is_waited_for:
                self._take_in(0)
            request = self._scheduler.take()
            if request is not None:
                # Another thread can take the remaining requests or wait for new ones.
                self._changed.notify()
                return request
            if self._is_waited_for:
                self._changed.wait(self._scheduler.silent_for_s)
            else:
                self._take_in(self._scheduler.silent_for_s)
            self._say(None, None)

    def _take_in(self, limit_s: float | None) -> None:
        """Move incoming requests to the scheduler; only one thread at a time does this."""
        if limit_s == 0:
            came = self._transport.come(0)
        else:
            self._is_waited_for = True
            self._changed.release()
            try:
                came = self._transport.come(limit_s)
            finally:
                self._changed.acquire()
                self._is_waited_for = False
        for request in came:
            self._scheduler.add(request)

    def _say(self, request: Request | None, served: Answer | None) -> None:
        answer = self._scheduler.report(request, served)
        if answer is not None:
            self._deliver_answer(answer)
