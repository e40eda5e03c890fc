"""Where the server's blocking work runs: each kind in threads of its own, so that none delays the others."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from voicelab.engines.pool.work_pool import WorkPool


@dataclass(frozen=True, slots=True)
class Pools:
    """decoding and encoding: whole sound files. files: what reads and writes the disk, and builds long lists."""

    decoding: WorkPool
    encoding: WorkPool
    files: WorkPool

    def __iter__(self) -> Iterator[WorkPool]:
        return iter((self.decoding, self.encoding, self.files))


@contextmanager
def open_pools(threads: int | None, queue: int) -> Iterator[Pools]:
    """Pools of this many threads (None: one for each core), each with a queue of this length."""
    pools = Pools(*(WorkPool(name, threads, queue) for name in ("decoding", "encoding", "files")))
    try:
        yield pools
    finally:
        for pool in pools:
            pool.close()
