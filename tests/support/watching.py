"""Detect from outside of a process whether a file was opened and a port was contacted."""

from __future__ import annotations

import ctypes
import os
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

_IN_ACCESS, _IN_OPEN = 0x1, 0x20
_EVENT = struct.Struct("iIII")


class FileWatch:
    """The files in a folder that were opened or read since the last call, also by C libraries (inotify)."""

    def __init__(self, folder: Path) -> None:
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._descriptor = self._libc.inotify_init1(os.O_NONBLOCK)
        assert self._descriptor >= 0
        assert self._libc.inotify_add_watch(self._descriptor, os.fsencode(folder), _IN_ACCESS | _IN_OPEN) >= 0

    def opened(self) -> set[str]:
        try:
            data = os.read(self._descriptor, 2**16)
        except BlockingIOError:
            return set()
        names, place = set(), 0
        while place < len(data):
            _, _, _, size = _EVENT.unpack_from(data, place)
            name = data[place + _EVENT.size : place + _EVENT.size + size]
            names.add(os.fsdecode(name.rstrip(b"\0")))
            place += _EVENT.size + size
        return names - {""}

    def close(self) -> None:
        os.close(self._descriptor)


class PortWatch:
    """A TCP and a UDP port of this machine that nobody should contact."""

    def __init__(self) -> None:
        self._tcp = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._tcp.getsockname()[1]
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", self.port))
        self._tcp.setblocking(False)
        self._udp.setblocking(False)

    def contacted(self) -> bool:
        for try_ in (lambda: self._tcp.accept()[0].close(), lambda: self._udp.recv(1)):
            try:
                try_()
            except BlockingIOError:
                continue
            return True
        return False

    def close(self) -> None:
        self._tcp.close()
        self._udp.close()


@contextmanager
def watching(folder: Path) -> Iterator[tuple[FileWatch, PortWatch]]:
    """Both, closed at the end."""
    files, ports = FileWatch(folder), PortWatch()
    try:
        yield files, ports
    finally:
        files.close()
        ports.close()


def udp_ports(pid: int) -> set[int]:
    """The UDP ports that a process has bound."""
    return {one.laddr.port for one in psutil.Process(pid).net_connections("udp") if one.laddr}
