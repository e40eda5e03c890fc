"""The Record page in a real browser: the recordings become a set for `voicelab evaluate`."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.browsing import browser, microphone_file, needed, until, with_noise
from tests.support.made_runs import summarize_turns
from tests.support.serving import Served, serving, spawned
from voicelab import RunSpec, datasets, evaluate
from voicelab.paths import shipped

pytestmark = needed

TEXTS = ("price_aapl", "news_nvda_latest")


@pytest.fixture
def spoken():
    shipped_set = datasets.load(shipped("voice_samples"))
    return [shipped_set.sample(name) for name in TEXTS]


def ready(chromium, served: Served, texts: list[str] | None = None):
    """The page with an open set, a speaker name and consent."""
    page = chromium.open(f"{served.http}/app/record")
    page.wait_for_selector("#choose:not([hidden])")
    if texts is not None:
        page.fill("#set-name", "office")
        page.fill("#texts", "\n".join(texts))
        page.click("#make-set button")
    else:
        page.select_option("#set", "office")
        page.click("#open-set button")
    page.wait_for_selector("#studio:not([hidden])")
    if not page.input_value("#speaker"):
        page.fill("#speaker", "s01")
        page.keyboard.press("Tab")
    page.check("#consent")
    return page


def speak(page, duration_s: float) -> None:
    page.click("#record")
    until(lambda: page.get_attribute("#record", "aria-pressed") == "true")
    page.wait_for_timeout(1000 * duration_s)
    page.click("#record")
    page.wait_for_selector("#take:not([hidden])")


def test_two_prompts_are_recorded_and_the_set_is_measured(tmp_path, spoken):
    folder = tmp_path / "recordings"
    with serving(tmp_path, asr="pocketsphinx", agent="rules", recordings_dir=folder) as served:
        for number, sample in enumerate(spoken):
            # Each prompt in a separate browser, whose microphone plays that prompt.
            file = microphone_file(tmp_path, with_noise(sample.clip()), pause_s=1.2)
            with browser(file) as chromium:
                page = ready(chromium, served, [each.text for each in spoken] if number == 0 else None)
                assert page.inner_text("#prompt") == sample.text
                speak(page, sample.clip().duration_s + 2.2)
                assert page.inner_text("#heard").startswith("Heard:")
                assert page.inner_text("#findings") == "Level, noise, start and end are good."
                until(lambda page=page: page.evaluate("document.getElementById('playback').duration > 1"))
                page.click("#accept")
                until(lambda page=page, number=number: f"{number + 1} accepted" in page.inner_text("#progress"))
                assert not chromium.complaints
    left, run = evaluate(RunSpec(samples=str(folder / "office"), target="in-process", tts="fake"), tmp_path / "reports")
    figures = summarize_turns(run, left.turns())
    assert figures.figures["wer"].n == 2
    assert figures.figures["wer"].value is not None
    assert figures.figures["wer"].value <= 0.4


def test_a_take_outlives_the_server_and_the_page(tmp_path, spoken):
    folder = tmp_path / "recordings"
    file = microphone_file(tmp_path, spoken[0].clip())
    settings = {"ASR": "fake", "AGENT": "fake", "TTS": "fake", "RECORDINGS_DIR": str(folder)}
    with browser(file) as chromium:
        with spawned(tmp_path, **settings) as served:
            page = ready(chromium, served, [sample.text for sample in spoken])
            speak(page, 2.0)
            os.kill(served.pid, signal.SIGKILL)
            page.click("#accept")
            page.wait_for_selector("#problem:not([hidden])")
            assert "cannot be reached" in page.inner_text("#problem")
        with spawned(tmp_path, port=served.port, **settings) as served:
            page.reload()
            page.wait_for_selector("#take:not([hidden])")
            page.click("#accept")
            until(lambda: "1 accepted" in page.inner_text("#progress"))
    (sample,) = datasets.load(folder / "office").samples
    assert sample.text == spoken[0].text
    assert sample.clip().duration_s > 1


def test_a_recording_is_sent_again_when_the_server_is_back(tmp_path, spoken):
    file = microphone_file(tmp_path, spoken[0].clip())
    settings = {"ASR": "fake", "AGENT": "fake", "TTS": "fake", "RECORDINGS_DIR": str(tmp_path / "recordings")}
    with browser(file) as chromium:
        with spawned(tmp_path, **settings) as served:
            page = ready(chromium, served, [spoken[0].text])
            page.click("#record")
            page.wait_for_timeout(1500)
            os.kill(served.pid, signal.SIGKILL)
            page.click("#record")
            page.wait_for_selector("#retry")
        with spawned(tmp_path, port=served.port, **settings):
            page.click("#retry")
            page.wait_for_selector("#take:not([hidden])")


def test_nothing_is_recorded_without_consent(tmp_path, spoken):
    with (
        serving(tmp_path, recordings_dir=tmp_path / "recordings") as served,
        browser(microphone_file(tmp_path, spoken[0].clip())) as chromium,
    ):
        page = ready(chromium, served, ["What is the price of Apple?"])
        page.uncheck("#consent")
        page.click("#record")
        page.wait_for_selector("#problem:not([hidden])")
        assert "consent" in page.inner_text("#problem")
        assert not list(Path(tmp_path / "recordings" / "office").glob("takes/*"))


def test_a_server_that_does_not_record_says_how_it_would(tmp_path):
    with serving(tmp_path) as served, browser() as chromium:
        page = chromium.open(f"{served.http}/app/record")
        page.wait_for_selector("#off:not([hidden])")
        assert "RECORDINGS_DIR" in page.inner_text("#off")
