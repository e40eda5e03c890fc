"""A JupyterLab server on a free port, with a notebook that a real browser runs."""

from __future__ import annotations

import importlib.util
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat

PATIENCE_S = 120.0
INSTALLED = importlib.util.find_spec("jupyterlab") is not None


def write_notebook(path: Path, cells: Sequence[str]) -> None:
    """Write a notebook of code cells."""
    document = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in cells])
    document.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(document, path)


@contextmanager
def jupyter_lab(folder: Path) -> Iterator[str]:
    """JupyterLab with its root in `folder`; yields its address with the token. It ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    token = secrets.token_hex(8)
    environment = os.environ | {
        f"JUPYTER_{name}_DIR": str(folder / ".jupyter" / name) for name in ("CONFIG", "RUNTIME")
    }
    arguments = [f"--ServerApp.root_dir={folder}", f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    arguments += [f"--IdentityProvider.token={token}", "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1"]
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *arguments], cwd=folder, env=environment, stdout=log, stderr=log
        )
    try:
        _until_it_answers(f"http://127.0.0.1:{port}/api?token={token}", process)
        yield f"http://127.0.0.1:{port}/lab/tree/{{notebook}}?token={token}"
    finally:
        process.terminate()
        process.wait(30)


def _until_it_answers(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        assert process.poll() is None, "JupyterLab ended; see lab.log"
        try:
            urllib.request.urlopen(url, timeout=5).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise AssertionError("JupyterLab did not answer")


class LabNotebook:
    """An open notebook in the browser; its cells are run one by one."""

    def __init__(self, page: Any) -> None:
        self._page = page
        page.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
        page.locator(
            '.jp-Toolbar-kernelStatus[data-status="idle"], .jp-Notebook-ExecutionIndicator[data-status="idle"]'
        ).first.wait_for()

    def start(self, number: int) -> Any:
        """Run a cell, and return it without waiting."""
        cell = self._page.locator(".jp-Notebook .jp-CodeCell").nth(number)
        self._press(cell)
        return cell

    def run(self, number: int) -> Any:
        """Run a cell and wait until it is done."""
        cell = self.start(number)
        self.wait(cell)
        return cell

    def wait(self, cell: Any) -> None:
        """Wait until a started cell is done: its prompt has a number.

        A cell that is run before the kernel is connected is reset, and is run again.
        """
        deadline = time.monotonic() + PATIENCE_S
        while not (prompt := cell.locator(".jp-InputPrompt").inner_text().strip("[]: ")).isdigit():
            assert time.monotonic() < deadline, f"the cell is not done: {cell.inner_text()}"
            if not prompt:
                self._press(cell)
            self._page.wait_for_timeout(500)

    def _press(self, cell: Any) -> None:
        cell.locator(".cm-line").first.click()
        self._page.keyboard.press("Control+Enter")
        self._page.wait_for_timeout(1_000)

    def interrupt(self) -> None:
        """Press the stop button."""
        self._page.locator('[data-command="notebook:interrupt-kernel"], [title^="Interrupt the kernel"]').first.click()
