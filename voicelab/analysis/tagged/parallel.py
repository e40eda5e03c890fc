"""Align many calls in parallel, with one process per core.

Processes are forked, so that they share loaded modules. A program with several threads is not forked, because a lock
held by another thread would never be released in the new process. It aligns the calls one by one, as for few calls.
"""

import gc
import multiprocessing
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from voicelab.analysis.tagged.calls import AlignedCall, CallRules, align_call
from voicelab.engines.pool.cores import available_cores

FEW_CALLS = 4
"""With fewer calls, starting processes costs more than it saves."""
_MOST_PROCESSES = 16

_rules: list[CallRules] = []
"""The rules of this process. A normalizer cannot be pickled, so a child process inherits it."""


def align_calls(files: Sequence[tuple[Path, Path]], rules: CallRules) -> Iterator[AlignedCall]:
    """Align each call, in order; InputError for unreadable files. files: pairs of reference and hypothesis."""
    processes = min(available_cores(), _MOST_PROCESSES, len(files))
    if processes < 2 or len(files) < FEW_CALLS or threading.active_count() > 1:
        yield from (align_call(mine, other, rules) for mine, other in files)
        return
    forked = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(processes, mp_context=forked, initializer=_start, initargs=(rules,)) as pool:
        yield from pool.map(_align, *zip(*files, strict=True))


def _start(rules: CallRules) -> None:
    """Prepare a child process. It ends after its calls, and alignments have no cycles, so it collects no garbage."""
    gc.disable()
    _rules.append(rules)


def _align(reference: Path, hypothesis: Path) -> AlignedCall:
    return align_call(reference, hypothesis, _rules[-1])
