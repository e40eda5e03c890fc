"""Turn off plots in reports, which take four fifths of the time of a small report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from voicelab.report import page

_DRAW = page._pictures


_IN_A_KERNEL = """
from voicelab.report import page
page._pictures = lambda summary: []
del page
"""


@contextmanager
def without_pictures() -> Iterator[None]:
    """Write reports without plots in this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", lambda summary: [])
        yield


@contextmanager
def kernels_without_pictures(folder: Path) -> Iterator[None]:
    """Write reports without plots in notebooks: IPython runs what is in the startup folder of its profile."""
    startup = folder / "profile_default" / "startup"
    startup.mkdir(parents=True)
    (startup / "without_pictures.py").write_text(_IN_A_KERNEL)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("IPYTHONDIR", str(folder))
        yield


@contextmanager
def with_pictures() -> Iterator[None]:
    """Write reports with plots in this process, like for users."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", _DRAW)
        yield
