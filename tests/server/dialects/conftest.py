"""Servers for the tests of dialects."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.dialect_server import LONG, dialect_server
from tests.support.serving import Served


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with dialect_server(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture(scope="module")
def talkative(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Its reply lasts, and every request asks to stop it."""
    folder = tmp_path_factory.mktemp("talkative")
    with dialect_server(folder, tts="fake", agent=f"fake:text={LONG}", asr="fake:text=stop it please") as running:
        yield running
