"""The loaded copies of a model: a call takes a free one, and another is loaded when more utterances are open."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

Model = TypeVar("Model")
_logger = logging.getLogger(__name__)


class ModelPool(Generic[Model]):
    """Lends at most `most` copies, one call each. make: loads one copy.

    A copy answers one call at a time, so calls of several utterances need several. The first is loaded by `warm`; a
    further one in the background, when an utterance opens while as many are open as there are copies.
    """

    def __init__(self, make: Callable[[], Model], most: int) -> None:
        self._make = make
        self._most = most
        self._free: list[Model] = []
        self._count = 0
        self._utterances = 0
        self._changed = threading.Condition()

    @property
    def count(self) -> int:
        """How many copies are loaded or being loaded."""
        return self._count

    def warm(self) -> None:
        """Load the first copy; its failure is raised."""
        self._count = 1
        self._free.append(self._make())

    def opened(self) -> None:
        """An utterance begins; `closed` must follow."""
        with self._changed:
            self._utterances += 1
            if self._utterances <= self._count or self._count >= self._most:
                return
            self._count += 1
        threading.Thread(target=self._load, name="moonshine-model", daemon=True).start()

    def closed(self) -> None:
        """An utterance is over."""
        with self._changed:
            self._utterances -= 1

    @contextmanager
    def one(self) -> Iterator[Model]:
        """A copy for the length of a call; waits until one is free."""
        with self._changed:
            while not self._free:
                self._changed.wait()
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
            # The copies that there are go on; an utterance only waits longer for one.
            _logger.exception("a further copy of the model could not be loaded")
            with self._changed:
                self._most = self._count = self._count - 1
            return
        with self._changed:
            self._free.append(model)
            self._changed.notify()
