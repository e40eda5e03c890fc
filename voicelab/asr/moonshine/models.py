"""A pool of loaded model copies that grows with the number of open utterances."""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Model = TypeVar("Model")
_logger = logging.getLogger(__name__)


class ModelPool(Generic[Model]):
    """Lends up to `most` copies, one per call. make: loads one copy. count: number of copies loaded or being loaded.

    A copy handles one call at a time, so concurrent utterances need several. `warm` loads the first copy; another one
    is loaded in the background when an utterance opens and all copies have one.
    """

    def __init__(self, make: Callable[[], Model], most: int) -> None:
        self._make = make
        self._most = most
        self._free: list[Model] = []
        self.count = 0
        self._utterances = 0
        self._changed = threading.Condition()

    def warm(self) -> None:
        """Load the first copy; raises its errors."""
        self.count = 1
        self._free.append(self._make())

    def opened(self) -> None:
        """Register a new utterance; call `closed` at its end."""
        with self._changed:
            self._utterances += 1
            if self._utterances <= self.count or self.count >= self._most:
                return
            self.count += 1
        threading.Thread(target=self._load, name="moonshine-model", daemon=True).start()

    def closed(self) -> None:
        with self._changed:
            self._utterances -= 1

    @contextmanager
    def one(self) -> Iterator[Model]:
        """Lend a copy for the duration of a call; waits until one is free."""
        with self._changed:
            self._changed.wait_for(lambda: self._free)
            model = self._free.pop()
        try:
            yield model
        finally:
            with self._changed:
                self._free.append(model)
                self._changed.notify()

    def _load(self) -> None:
        try:
            model = self._make()
        except Exception:
            # Existing copies continue; utterances only wait longer for one.
            _logger.exception("could not load another copy of the model")
            with self._changed:
                self._most = self.count = self.count - 1
            return
        with self._changed:
            self._free.append(model)
            self._changed.notify()
