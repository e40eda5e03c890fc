"""The Talk page in a real browser: spoken, typed and recorded requests, and messages if something is missing."""

from __future__ import annotations

import os
import re
import signal
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.support.browsing import Browser, browser, connected, loudest, microphone_file, needed, turn_over, until
from tests.support.serving import PATIENCE_S, Served, serving, spawned
from voicelab import datasets
from voicelab.datasets import Sample
from voicelab.metrics.words import align, counts_of
from voicelab.paths import shipped
from voicelab.text import normalizer

pytestmark = needed

LONG = " ".join(f"Sentence number {number} of a reply that goes on for a while." for number in range(12))


@pytest.fixture(scope="module")
def spoken() -> Sample:
    """A recording that the shipped recognizer transcribes correctly."""
    return datasets.load(shipped("voice_samples")).sample("price_aapl")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served"), asr="pocketsphinx", agent="rules", tts="espeak") as running:
        yield running


@pytest.fixture(scope="module")
def opened() -> Iterator[Browser]:
    """One browser for the tests without a microphone."""
    with browser() as chromium:
        yield chromium


@pytest.fixture
def silent(opened: Browser) -> Iterator[Browser]:
    opened.complaints.clear()
    yield opened
    opened.close_pages()


def talk(served: Served) -> str:
    return f"{served.http}/app"


def assert_heard(text: str, sample: Sample) -> None:
    wer = counts_of(align(sample.text, text, normalizer("english"))).wer
    assert wer is not None
    assert wer <= 0.4, text


def assert_answered(page) -> None:
    turn_over(page)
    assert page.inner_text(".turn:last-child .answer")
    assert loudest(page) >= 0.05


@pytest.mark.parametrize("way", ["webm", "pcm"])
def test_what_is_said_while_the_button_is_held_is_heard_and_answered_aloud(served, spoken, tmp_path, way):
    with browser(microphone_file(tmp_path, spoken.clip())) as chromium:
        page = connected(chromium.open(talk(served)))
        if way == "pcm":
            page.evaluate("delete globalThis.MediaRecorder")
        page.hover("#talk")
        page.mouse.down()
        until(lambda: page.evaluate("voicelab.microphone.level") > 0.05)
        page.wait_for_timeout(1000 * (spoken.clip().duration_s + 0.8))
        page.mouse.up()
        assert_answered(page)
        assert_heard(page.inner_text(".turn .said"), spoken)
        assert page.locator(".turn .chips .intent").count() == 1
        assert page.evaluate("voicelab.speaker.gaps") == 0
        assert not chromium.complaints


def test_the_space_bar_talks_and_a_tap_starts_and_sends(served, spoken, tmp_path):
    with browser(microphone_file(tmp_path, spoken.clip())) as chromium:
        page = connected(chromium.open(talk(served)))
        page.keyboard.press("Space")
        until(lambda: page.get_attribute("#talk", "aria-pressed") == "true")
        page.wait_for_timeout(1000 * (spoken.clip().duration_s + 2.0))
        page.keyboard.press("Space")
        assert_answered(page)
        assert_heard(page.inner_text(".turn .said"), spoken)


def test_recordings_and_typed_commands_are_sent_with_one_click_and_timed(served, spoken, silent):
    page = connected(silent.open(talk(served)))
    page.wait_for_selector("#sample optgroup", state="attached")
    page.select_option("#sample", spoken.id)
    page.click("#recorded button")
    assert_answered(page)
    assert_heard(page.inner_text(".turn .said"), spoken)
    assert re.search(r"First sound \d+ ms .* \d+ ms after the click", page.inner_text("#headline"))
    shown = until(lambda: page.locator(".bar-row[data-side=server]").all_inner_texts())
    assert any("recognizing" in row for row in shown)
    page.fill("#typed-text", "Add Tesla to my watchlist")
    page.keyboard.press("Enter")
    until(lambda: page.locator(".turn .answer").count() == 2)
    turn_over(page)
    assert "TSLA" in page.inner_text(".turn:last-child .chips")
    page.reload()
    until(lambda: page.locator(".turn .answer").count() == 2)
    assert not silent.complaints


def test_a_reply_is_stopped_at_once_and_nothing_of_it_sounds_later(tmp_path, silent):
    with serving(tmp_path, agent=f"fake:text={LONG}", tts="espeak") as served:
        page = connected(silent.open(talk(served)))
        page.fill("#typed-text", "go on")
        page.keyboard.press("Enter")
        assert loudest(page, PATIENCE_S) >= 0.05
        page.wait_for_timeout(1500)
        page.keyboard.press("Escape")
        assert not page.evaluate("voicelab.speaker.playing")
        page.wait_for_selector(".turn .stopped")
        (kept,) = served.rows("SELECT agent_response FROM turns")
        assert LONG.startswith(kept["agent_response"])
        assert 1 <= len(kept["agent_response"].split()) < 15, "a second and a half of half a minute"
        assert f"Heard so far: “{kept['agent_response']}”" in page.inner_text(".turn .stopped")
        page.wait_for_timeout(500)
        assert page.evaluate("voicelab.speaker.level") == 0
        for turns in (2, 3):
            # The third is typed during the second's reply: the events of the stopped turn must not end it.
            page.fill("#typed-text", "and now")
            page.keyboard.press("Enter")
            until(lambda turns=turns: page.locator(".turn .answer").count() == turns)
            assert loudest(page, PATIENCE_S) >= 0.05
        assert page.locator(".turn").count() == 3
        assert not page.evaluate("voicelab.turn.stopped")


def test_hands_free_the_server_hears_who_speaks_and_stops_its_reply_for_them(tmp_path, spoken):
    agent = f"fake:text={LONG}"
    file = microphone_file(tmp_path, spoken.clip(), spoken.clip(), pause_s=6.0)
    with serving(tmp_path, asr="pocketsphinx", agent=agent, tts="espeak") as served, browser(file) as chromium:
        page = connected(chromium.open(talk(served)))
        page.check("#hands-free")
        until(lambda: page.locator(".turn .answer").count() == 1)
        assert page.is_disabled("#talk")
        assert_heard(page.inner_text(".turn .said"), spoken)
        assert loudest(page, PATIENCE_S) >= 0.05
        until(lambda: page.locator(".turn .answer").count() == 2)
        assert page.locator(".turn").count() == 2
        assert re.search(r"stopped \d+ ms", page.inner_text(".turn:first-child .stopped"))
        assert loudest(page, PATIENCE_S) >= 0.05
        assert not chromium.complaints


def test_a_lost_connection_is_said_and_the_session_goes_on_when_the_server_is_back(tmp_path, silent):
    fakes = {"ASR": "fake", "AGENT": "fake:text=Turn {turn}.", "TTS": "fake"}
    with spawned(tmp_path, **fakes) as served:
        page = connected(silent.open(talk(served)))
        ask(page, "one")
        session = page.evaluate("voicelab.wire.sessionId")
        os.kill(served.pid, signal.SIGKILL)
        page.wait_for_selector("#connection[data-state=lost]")
        assert "connection lost" in page.inner_text("#connection")
    with spawned(tmp_path, port=served.port, **fakes):
        connected(page)
        assert page.evaluate("voicelab.wire.sessionId") == session
        ask(page, "two")
        assert page.inner_text(".turn:last-child .answer") == "Turn 2."


def ask(page, text: str) -> None:
    """Type a command and wait for the end of its reply."""
    before = page.locator(".turn .answer").count()
    page.fill("#typed-text", text)
    page.keyboard.press("Enter")
    until(lambda: page.locator(".turn .answer").count() == before + 1)
    turn_over(page)


def test_without_a_microphone_the_page_says_what_to_do(served, silent):
    assert_advised(silent.open(talk(served)), "No microphone was found")


def test_where_the_microphone_is_refused_the_page_says_what_to_do(served, tmp_path, spoken):
    with browser(microphone_file(tmp_path, spoken.clip()), grant=False) as chromium:
        assert_advised(chromium.open(talk(served)), "may not use the microphone")


def assert_advised(page, advice: str) -> None:
    """The page gives this advice when the button is pressed, and a typed command is still answered."""
    connected(page)
    page.click("#talk")
    page.wait_for_selector("#problem:not([hidden])")
    assert advice in page.inner_text("#problem")
    assert page.get_attribute("#talk", "aria-pressed") == "false"
    page.fill("#typed-text", "What is the price of Apple?")
    page.keyboard.press("Enter")
    assert_answered(page)


def test_a_refused_origin_is_explained(served, silent):
    with proxy_with_another_host(served.port) as port:
        page = silent.open(f"http://127.0.0.1:{port}/app")
        page.wait_for_selector("#connection[data-state=refused]")
        assert "CORS_ORIGINS" in page.inner_text("#problem")


class _OtherHost(socketserver.BaseRequestHandler):
    """Forwards a connection with another Host header, like a proxy that is not configured for WebSockets."""

    target = 0

    def handle(self) -> None:
        with socket.create_connection(("127.0.0.1", self.target)) as inner:
            back = threading.Thread(target=self._pump, args=(inner, self.request, None))
            back.start()
            self._pump(self.request, inner, f"localhost:{self.target}".encode())
            back.join(PATIENCE_S)

    def _pump(self, source: socket.socket, sink: socket.socket, host: bytes | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data if host is None else re.sub(rb"(?i)\r\nhost: [^\r]*", b"\r\nHost: " + host, data))
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def proxy_with_another_host(target: int) -> Iterator[int]:
    handler = type("Handler", (_OtherHost,), {"target": target})
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), handler) as proxy:
        proxy.daemon_threads = True
        thread = threading.Thread(target=proxy.serve_forever)
        thread.start()
        try:
            yield proxy.server_address[1]
        finally:
            proxy.shutdown()
            thread.join(PATIENCE_S)
