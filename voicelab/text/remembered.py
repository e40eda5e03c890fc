"""A cache of normalized words."""

from collections.abc import Callable
from typing import TypeVar

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_MOST = 200_000


class Remembered(dict[_Key, _Value]):
    """The results of a function by its argument. Before it would exceed 200,000 entries, it is emptied."""

    def __init__(self, function: Callable[[_Key], _Value]) -> None:
        super().__init__()
        self._function = function

    def __missing__(self, key: _Key) -> _Value:
        value = self._function(key)
        if len(self) >= _MOST:
            self.clear()
        self[key] = value
        return value
