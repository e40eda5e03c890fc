"""A real browser with a microphone that plays a file: shared by the tests of the page."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.required import needs
from tests.support.serving import PATIENCE_S
from voicelab.audio import codecs
from voicelab.audio.clip import Clip

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
_PACKAGES = all(importlib.util.find_spec(name) for name in ("playwright", "axe_playwright_python"))
_MISSING = "Chromium is not installed (Debian: apt-get install chromium)" if _PACKAGES else (
    "the browser tests' packages are not installed: pip install 'voicelab[browser]'"
)  # fmt: skip
needed = needs("chromium", present=CHROMIUM is not None and _PACKAGES, reason=_MISSING)

_FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
_MICROPHONE_RATE_HZ = 48_000


def microphone_file(folder: Path, *clips: Clip, pause_s: float = 1.0) -> Path:
    """The microphone's input as a WAV file: each clip after a pause."""
    parts = []
    for clip in clips:
        parts += [Clip.silence(pause_s, _MICROPHONE_RATE_HZ), clip.at_rate(_MICROPHONE_RATE_HZ)]
    path = folder / "microphone.wav"
    path.write_bytes(codecs.encode_wav(Clip.join([*parts, Clip.silence(pause_s, _MICROPHONE_RATE_HZ)])))
    return path


class Browser:
    """Chromium. `complaints` collects the console messages and errors of its pages."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self.complaints: list[str] = []

    def open(self, url: str, **context: Any) -> Any:
        """A new page in its own context."""
        page = self._browser.new_context(**context).new_page()
        page.set_default_timeout(1000 * PATIENCE_S)
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.goto(url)
        return page

    def close_pages(self) -> None:
        """Close every page, so that none logs an error when its server ends."""
        for context in self._browser.contexts:
            context.close()

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.complaints.append(text)


_drivers: list[Any] = []
"""The running Playwright, if there is one: a thread can have only one."""


@contextmanager
def _playwright() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    if _drivers:
        yield _drivers[0]
        return
    with sync_playwright() as driver:
        _drivers.append(driver)
        try:
            yield driver
        finally:
            _drivers.clear()


@contextmanager
def browser(microphone: Path | None = None, *, grant: bool = True) -> Iterator[Browser]:
    """microphone: the file that the microphone plays; None: no microphone. grant: whether the user allows its use."""
    flags = [*_FLAGS]
    if microphone is not None:
        flags += [f"--use-file-for-fake-audio-capture={microphone}%noloop", "--use-fake-device-for-media-stream"]
    if grant:
        flags.append("--use-fake-ui-for-media-stream")
    with _playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        try:
            yield Browser(running)
        finally:
            running.close()


def until(condition: Callable[[], Any]) -> Any:
    """Wait for a true value of the condition. The page's security policy forbids waiting inside it, so it is polled."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return value


def connected(page: Any) -> Any:
    page.wait_for_selector("#connection[data-state=open]")
    return page


def turn_over(page: Any) -> None:
    until(lambda: page.evaluate("voicelab.turn?.over"))


def loudest(page: Any, duration_s: float = 2.0) -> float:
    """The maximum level of the page's reply within this time."""
    end, highest = time.monotonic() + duration_s, 0.0
    while time.monotonic() < end and highest < 0.05:
        highest = max(highest, page.evaluate("voicelab.speaker.level"))
    return highest


def with_noise(clip: Clip, level_dbfs: float = -65.0) -> Clip:
    """Add the noise of a quiet room, as with a real microphone."""
    noise = np.random.default_rng(0).normal(0, 10 ** (level_dbfs / 20), len(clip.samples))
    return Clip((clip.samples + noise).astype(np.float32), clip.rate_hz)
