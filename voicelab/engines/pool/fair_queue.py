"""A queue that serves clients in turn."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Item = TypeVar("Item")


class FairQueue(Generic[Key, Item]):
    """Waiting items by client and key. Clients are served in turn, and each client's items in order of arrival.

    A client with many items therefore delays another by one of them, not by all.
    """

    def __init__(self) -> None:
        # Without empty clients; the one that was served last is at the end.
        self._waiting: dict[str | None, dict[Key, Item]] = {}

    def __iter__(self) -> Iterator[Item]:
        """Iterate over all items, starting with those of the next client."""
        return (item for items in self._waiting.values() for item in items.values())

    def add(self, client: str | None, key: Key, item: Item) -> None:
        self._waiting.setdefault(client, {})[key] = item

    def discard(self, client: str | None, key: Key) -> None:
        """Remove an item that no longer waits, if present. The client keeps its place."""
        items = self._waiting.get(client, {})
        items.pop(key, None)
        if not items:
            self._waiting.pop(client, None)

    def serve(self, client: str | None, key: Key | None) -> None:
        """Remove an item, if present, and put its client behind the others."""
        items = self._waiting.pop(client, {})
        if key is not None:
            items.pop(key, None)
        if items:
            self._waiting[client] = items
