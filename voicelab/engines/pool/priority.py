"""Priority of threads that work in the background."""

import os
import sys
import threading

_LOWER_BY = 10
_LOWEST = 19


def lower_thread_priority() -> None:
    """Increase the current thread's nice value by 10, so that other threads come first.

    Only Linux has priorities of threads; elsewhere this does nothing.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        os.setpriority(os.PRIO_PROCESS, thread, min(os.getpriority(os.PRIO_PROCESS, thread) + _LOWER_BY, _LOWEST))
