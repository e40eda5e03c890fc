"""Turn off plots in reports, which take four fifths of the time of a small report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from voicelab.report import page

_DRAW = page._pictures


@contextmanager
def without_pictures() -> Iterator[None]:
    """Write reports without plots in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", lambda summary: [])
        yield


@contextmanager
def with_pictures() -> Iterator[None]:
    """Write reports with plots in this process, like for users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", _DRAW)
        yield
