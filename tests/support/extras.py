"""Engines that a pip extra brings: tested where it is installed, and all of them where VOICELAB_REQUIRE_EXTRAS is 1."""

from __future__ import annotations

import os

import pytest

from voicelab.engines.spec import Catalog

REQUIRED = os.environ.get("VOICELAB_REQUIRE_EXTRAS") == "1"


def tried(catalog: Catalog) -> list[str]:
    """The engines of a table that tests run over; one that is required but not installed fails its test."""
    return [name for name, entry in catalog.entries.items() if REQUIRED or entry.installed()]


def needs(catalog: Catalog, name: str) -> pytest.MarkDecorator:
    """Skips a test where that engine is neither installed nor required."""
    return pytest.mark.skipif(name not in tried(catalog), reason=f"needs: {catalog.entries[name].install_command}")
