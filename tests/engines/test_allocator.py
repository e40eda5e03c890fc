"""Unused memory of a process is returned to the system without delaying anybody."""

from __future__ import annotations

import asyncio
import ctypes
import subprocess
import sys

import pytest

from voicelab.engines.pool import allocator
from voicelab.paths import PROJECT

needs_glibc = pytest.mark.skipif(
    not hasattr(ctypes.CDLL(None), "mallinfo2"), reason="needs glibc 2.33 or newer, whose malloc is told what to keep"
)
LOOKING_AT_MALLOC = """
import ctypes
from voicelab.engines.pool import allocator

class Heap(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in
        "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()]

libc = ctypes.CDLL(None)
libc.mallinfo2.restype = Heap
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
"""


def printed(program: str) -> list[int]:
    """The numbers printed by a separate process, because malloc's settings are process-wide."""
    command = [sys.executable, "-c", LOOKING_AT_MALLOC + program]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=True)
    return [int(number) for number in done.stdout.split()]


@needs_glibc
@pytest.mark.parametrize(("told", "mapped"), [("", 0), ("allocator.keep_little()", 1)])
def test_a_large_block_does_not_come_to_lie_in_the_heap(told: str, mapped: int) -> None:
    before, after = printed(f"""
{told}
libc.free(libc.malloc(4_000_000))
print(libc.mallinfo2().hblks)
libc.malloc(2_000_000)
print(libc.mallinfo2().hblks)
""")
    assert after - before == mapped


@needs_glibc
@pytest.mark.parametrize(("told", "is_own"), [("", 1), ("allocator.keep_little()", 0)])
def test_threads_have_no_heaps_of_their_own(told: str, is_own: int) -> None:
    (apart,) = printed(f"""
import threading
{told}
found = [libc.malloc(1000)]
thread = threading.Thread(target=lambda: found.append(libc.malloc(1000)))
thread.start()
thread.join()
print(int(abs(found[1] - found[0]) > 2**32))
""")
    assert apart == is_own


@needs_glibc
def test_pages_on_which_nothing_lies_are_given_back() -> None:
    full, freed, given_back = printed("""
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

blocks = [libc.malloc(1000) for _ in range(100_000)]
for block in blocks:
    ctypes.memset(block, 1, 1000)
print(resident())
for number, block in enumerate(blocks):
    if number % 100:
        libc.free(block)
print(resident())
allocator.give_back()
print(resident())
""")
    assert full - freed < 10_000_000, "what is left here and there holds the heap open"
    assert freed - given_back > 50_000_000


async def test_it_is_given_back_when_nobody_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    given_back = 0

    def give_back() -> None:
        nonlocal given_back
        given_back += 1

    monkeypatch.setattr(allocator, "_LOOK_AGAIN_S", 0)
    monkeypatch.setattr(allocator, "give_back", give_back)
    guests: set[str] = set()

    async def after_a_while() -> int:
        for _ in range(20):
            await asyncio.sleep(0)
        return given_back

    tidying = asyncio.create_task(allocator.give_back_when_empty(lambda: not guests))
    assert await after_a_while() == 1, "what the start has left, once"
    guests.add("ada")
    assert await after_a_while() == 1, "not while somebody is there"
    guests.clear()
    assert await after_a_while() == 2
    assert await after_a_while() == 2
    tidying.cancel()
