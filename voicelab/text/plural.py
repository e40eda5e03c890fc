"""Numbers of things, and lists of them, in messages."""

from collections.abc import Sequence


def counted(count: int, noun: str) -> str:
    """Return `1 sample` or `2,000 samples`. noun: singular, with a plural in -s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def listed(names: Sequence[object], most: int = 5) -> str:
    """Return `a, b, c`, or the first names and the number of the others: `a, b, c, d, e and 3 more`."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return f"{', '.join(map(str, names[:most]))}{more}"
