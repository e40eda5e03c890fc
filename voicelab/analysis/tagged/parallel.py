"""Many calls aligned at once, a process for each core.

Processes are forked, so that they share what is loaded. A program with several threads is not forked: a lock that
another thread holds would never open in the new process. There, and for few calls, the calls are aligned here in turn.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from voicelab.analysis.tagged.calls import AlignedCall, CallRules, align_call

FEW_CALLS = 4
"""Starting processes for fewer calls costs more than it saves."""
_MOST_PROCESSES = 16

_rules: list[CallRules] = []
"""The rules of this process; a normalizer cannot be sent to another process, only inherited."""


def align_calls(files: Sequence[tuple[Path, Path]], rules: CallRules) -> Iterator[AlignedCall]:
    """The alignment of each call, in order; InputError for files that cannot be read. files: reference, hypothesis."""
    processes = min(len(os.sched_getaffinity(0)), _MOST_PROCESSES, len(files))
    if processes < 2 or len(files) < FEW_CALLS or threading.active_count() > 1:
        yield from (align_call(mine, other, rules) for mine, other in files)
        return
    yield from _in_processes(files, rules, processes)


def _in_processes(files: Iterable[tuple[Path, Path]], rules: CallRules, processes: int) -> Iterator[AlignedCall]:
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=forked, initializer=_rules.append, initargs=(rules,)) as pool:
        yield from pool.map(_align, *zip(*files, strict=True))


def _align(reference: Path, hypothesis: Path) -> AlignedCall:
    return align_call(reference, hypothesis, _rules[-1])
