"""Fixtures that more than one file uses."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.support import slow_tests
from tests.support.postgres import Postgres, private_server

# Other processes may use the cores, so that neither an example nor its generation has a time limit.
settings.register_profile("voicelab", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("voicelab")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A private PostgreSQL, started when the first test asks for it."""
    with private_server() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
async def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'history.sqlite3'}"
    server: Postgres = request.getfixturevalue("postgres")
    return await server.fresh()


def pytest_configure() -> None:
    """Set what holds for the whole process.

    SIGINT is taken again: `pytest &` in a shell ignores it, and tests that interrupt a run would wait for ever.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # One thread for the matrices of each process: hundreds of children import numpy, and starting OpenBLAS's threads is
    # half of that; torch's threads (OpenMP) wait for each other in busy loops wherever the cores are shared.
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    # The same children would otherwise compile the whole project each, where the environment forbids to keep bytecode.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


@pytest.fixture(scope="session", autouse=True)
def _no_pictures(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Reports have no pictures, unless a test asks for them with `with_pictures()`."""
    # slow to import, and not needed to collect
    from tests.support.report_pictures import kernels_without_pictures, without_pictures

    with without_pictures(), kernels_without_pictures(tmp_path_factory.mktemp("ipython")):
        yield


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect the tests without garbage collections, and take what was made out of the later ones.

    The 650 000 objects live as long as the process, and a full collection that looks at them takes 0.4 s.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.enable()
        gc.collect()
        gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files that take longest first, so that no process ends with one, and mark the slow tests."""
    seconds = slow_tests.file_seconds()
    items.sort(key=lambda item: -seconds.get(slow_tests.file_of(item.nodeid), slow_tests.UNKNOWN_S))
    slow = slow_tests.listed()
    for item in items:
        if slow_tests.is_slow(item.nodeid, slow, getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.slow)
