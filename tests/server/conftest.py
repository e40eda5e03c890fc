"""A server with fake engines for the tests of a file, unless the file has one of its own."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from tests.support.serving import Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as running:
        yield running


@pytest.fixture
def http(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.http) as client:
        yield client
