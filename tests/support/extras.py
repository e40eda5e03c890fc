"""Engines with a pip extra: tested if it is installed; with VOICELAB_REQUIRE_EXTRAS=1 all are required."""

from __future__ import annotations

import importlib
import os
from typing import Any

import pytest

from voicelab.engines.spec import Catalog

REQUIRED = os.environ.get("VOICELAB_REQUIRE_EXTRAS") == "1"


def package(name: str, extra: str | None = None) -> Any:
    """Import a module of an extra. Skips the test if it is neither installed nor required."""
    if REQUIRED:
        return importlib.import_module(name)
    return pytest.importorskip(name, reason=f"needs {name}: pip install 'voicelab[{extra or name}]'")


def tried(catalog: Catalog) -> list[str]:
    """The engines of a table to test; a required engine that is not installed fails its test."""
    return [name for name, entry in catalog.entries.items() if REQUIRED or entry.installed()]


def needs(catalog: Catalog, name: str) -> pytest.MarkDecorator:
    """Skip a test if the engine is neither installed nor required."""
    return pytest.mark.skipif(name not in tried(catalog), reason=f"needs: {catalog.entries[name].install_command}")
