"""Thread pools for blocking work, one for each kind of work, so that none delays the others."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from voicelab.engines.pool.work_pool import WorkPool


class Pools(NamedTuple):
    """decoding, encoding: of whole audio files. files: disk access, and building long lists."""

    decoding: WorkPool
    encoding: WorkPool
    files: WorkPool


@contextmanager
def open_pools(threads: int | None, queue: int) -> Iterator[Pools]:
    """Open the pools. threads: per pool; None uses one per core. queue: maximum number of waiting jobs per pool."""
    pools = Pools(*(WorkPool(name, threads, queue) for name in Pools._fields))
    try:
        yield pools
    finally:
        for pool in pools:
            pool.close()
