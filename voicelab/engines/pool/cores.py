"""The cores of this process."""

import os


def available_cores() -> int:
    """Return the number of cores on which this process may run; without that information (macOS), all cores."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1
