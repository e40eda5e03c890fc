"""Validates user-defined names of run folders."""

from voicelab.errors import InputError

LONGEST_BYTES = 128
"""Leaves room for suffixes: file systems allow 255 bytes, a server 256 characters of a user's id."""


def check_name(option: str, name: str) -> None:
    """Raise InputError, naming the option, unless the name is valid for one folder."""
    shown = name if len(name) <= 40 else f"{name[:40]}…"
    if not name.strip():
        raise InputError(f"{option} is empty; give a name, or omit it")
    if name in (".", "..") or "/" in name:
        raise InputError(f"{option} {shown}: is a path; give the name only, and its parent folder with --out")
    if not name.isprintable():
        raise InputError(f"{option} {shown!a}: contains unprintable characters; remove them")
    if len(name.encode()) > LONGEST_BYTES:
        raise InputError(f"{option} {shown}: is longer than {LONGEST_BYTES} bytes; choose a shorter name")
