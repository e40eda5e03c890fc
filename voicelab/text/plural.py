"""Nouns after numbers, in messages."""


def counted(count: int, noun: str) -> str:
    """Return `1 sample` or `2,000 samples`. noun: singular, with a plural in -s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
