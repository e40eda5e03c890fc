"""The cores of this process, and the priority of its threads."""

import os
import sys
import threading

_LOWER_BY = 10
_LOWEST = 19


def available_cores() -> int:
    """Return the number of cores on which this process may run; without that information (macOS), all cores."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def lower_thread_priority() -> None:
    """Increase the current thread's nice value by 10, so that other threads come first.

    Only Linux has priorities of threads; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + _LOWER_BY, _LOWEST))
