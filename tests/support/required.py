"""Programs that some tests need. If they are missing, the tests are skipped, or fail if VOICELAB_REQUIRE names them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_REQUIRED = frozenset(os.environ.get("VOICELAB_REQUIRE", "").split(","))


def is_required(name: str) -> bool:
    """Return whether it is required."""
    return name in _REQUIRED


def needs(name: str, *, present: bool, reason: str) -> pytest.MarkDecorator:
    """The mark of a test that needs it."""
    return pytest.mark.skipif(not present and not is_required(name), reason=reason)


SEED = Path(os.environ.get("VOICELAB_SEED_SAMPLES", Path(__file__).parents[3] / "shared" / "seed_voice_samples"))
"""Recordings that tests may read but the project must not contain."""

needs_seed = pytest.mark.skipif(
    not SEED.is_dir(), reason=f"the seed's recordings are not at {SEED}; set VOICELAB_SEED_SAMPLES"
)
