"""Whether the reports that a test writes have pictures, which take four fifths of the time of a small report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from voicelab.report import page

_DRAW = page._pictures


@contextmanager
def without_pictures() -> Iterator[None]:
    """Reports of this process have no pictures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", lambda summary: [])
        yield


@contextmanager
def with_pictures() -> Iterator[None]:
    """Reports of this process have their pictures, as users get them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", _DRAW)
        yield
