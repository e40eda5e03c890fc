"""The pages by keyboard and screen reader, in both themes and two widths, and the comparison of two runs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.browsing import Browser, browser, connected, needed, until
from tests.support.serving import Served, serving
from voicelab import RunSpec, evaluate
from voicelab.paths import shipped
from voicelab.report import page as report_page

pytestmark = needed

SIZES = {"phone": {"width": 390, "height": 844}, "desk": {"width": 1280, "height": 850}}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    for name in ("first", "second"):
        spec = RunSpec(samples=str(shipped("voice_samples")), target="in-process", asr="fake", tts="fake", limit=2)
        left, _ = evaluate(spec, folder / "reports", run_id=name)
        report_page.write(left)
    settings = {"recordings_dir": folder / "recordings", "reports_dir": folder / "reports"}
    with serving(folder, agent="rules", **settings) as running:
        yield running


@pytest.fixture(scope="module")
def opened(served: Served) -> Iterator[Browser]:
    """One browser for all tests. It is started after the server's runs: Playwright leaves no room for asyncio.run."""
    del served
    with browser() as chromium:
        yield chromium


@pytest.fixture
def chromium(opened: Browser) -> Iterator[Browser]:
    opened.complaints.clear()
    yield opened
    opened.close_pages()


def open_talk(chromium, served, **context):
    page = connected(chromium.open(f"{served.http}/app", **context))
    page.fill("#typed-text", "What is the price of Apple?")
    page.keyboard.press("Enter")
    until(lambda: page.locator(".bar-row").count())
    return page


def open_record(chromium, served, **context):
    page = chromium.open(f"{served.http}/app/record", **context)
    page.wait_for_selector("#choose:not([hidden])")
    if page.is_visible("#open-set"):
        page.click("#open-set button")
    else:
        page.fill("#set-name", "looked-at")
        page.click("#make-set button")
    page.wait_for_selector("#studio:not([hidden])")
    return page


def open_runs(chromium, served, **context):
    page = chromium.open(f"{served.http}/app/runs", **context)
    page.wait_for_selector("#rows tr")
    for box in page.locator("#rows input").all():
        box.check()
    page.select_option("#trend-figure", "wer")
    page.click("#compare")
    page.wait_for_selector("#pair:not([hidden])")
    until(lambda: page.locator("#trend-picture circle").count())
    return page


PAGES = {"talk": open_talk, "record": open_record, "runs": open_runs}


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_no_fault_and_nothing_is_wider_than_the_screen(chromium, served, name):
    from axe_playwright_python.sync_playwright import Axe

    page = PAGES[name](chromium, served)
    for size in SIZES.values():
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            found = Axe().run(page, context="main, header")
            assert not found.violations_count, found.generate_report()
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= size["width"], (name, size, wide)
    assert not chromium.complaints


def test_the_tab_key_goes_through_the_talk_page_from_top_to_bottom(chromium, served):
    page = connected(chromium.open(f"{served.http}/app"))
    reached = []
    for _ in range(14):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
    wanted = [
        "Skip to the conversation",
        "Talk",
        "Record",
        "Runs",
        "talk",
        "typed-text",
        "sample",
        "user",
        "new-session",
    ]
    assert [name for name in reached if name in wanted] == wanted


def test_two_runs_stand_side_by_side_with_their_reports(chromium, served):
    page = open_runs(chromium, served, viewport=SIZES["desk"])
    assert "first" in page.inner_text("#pair-head")
    assert "second" in page.inner_text("#pair-head")
    rows = page.locator("#pair-rows tr").all_inner_texts()
    assert any(row.startswith("word error rate") and "0.000" in row for row in rows)
    for side in ("left", "right"):
        frame = page.frame_locator(f"#{side}")
        frame.locator("h1").wait_for()
    assert frame.locator("h1").inner_text() == "fake → rules → fake on voice_samples"
    assert frame.locator("header .line").first.inner_text().startswith(("run first ·", "run second ·"))
    page.reload()
    page.wait_for_selector("#pair:not([hidden])")
    page.click("#rows a")
    page.wait_for_selector("h1")
    assert not chromium.complaints


def test_a_figure_is_drawn_over_time_and_its_choice_is_in_the_address(chromium, served):
    page = chromium.open(f"{served.http}/app/runs", viewport=SIZES["desk"])
    page.wait_for_selector("#rows tr")
    page.select_option("#trend-figure", "wer")
    until(lambda: page.locator("#trend-picture circle").count() == 2)
    assert "trend=wer" in page.url
    assert "No change between neighbouring runs" in page.inner_text("#trend-note")
    page.reload()
    until(lambda: page.locator("#trend-picture circle").count() == 2)
    assert "Set: voice_samples · Engines: fake, rules, fake · Target: in-process" in page.inner_text("#shared")
    page.fill("#find", "first")
    assert page.inner_text("#found") == "1 of 2 runs"
    assert not chromium.complaints


def test_a_server_that_asks_for_tokens_is_used_with_one(chromium, tmp_path):
    token, theirs = "a-token-of-ada-0001", {"a-token-of-ada-0001": "ada"}
    with serving(tmp_path, agent="rules", auth_tokens=theirs) as served:
        page = chromium.open(f"{served.http}/app")
        page.wait_for_selector("dialog[open]")
        page.fill("#token", "no-token-of-anyone")
        page.keyboard.press("Enter")
        page.wait_for_selector("dialog .problem:not([hidden])")
        page.fill("#token", token)
        page.keyboard.press("Enter")
        connected(page)
        assert page.input_value("#user") == "ada"
        page.fill("#typed-text", "What is the price of Apple?")
        page.keyboard.press("Enter")
        page.wait_for_selector(".turn .answer")
        assert "a-token" not in page.evaluate("document.cookie")
        page.reload()
        connected(page)
        assert page.locator("dialog").count() == 0
        page.click("#sign-out")
        page.wait_for_selector("dialog[open]")


def test_the_routes_are_described_and_can_be_tried(chromium, tmp_path):
    with serving(tmp_path) as served:
        page = chromium.open(f"{served.http}/docs")
        page.wait_for_selector(".opblock")
        page.click(".opblock-summary-control >> nth=0")
        page.click("text=Try it out")
        page.click(".execute")
        page.wait_for_selector(".live-responses-table")
        assert not chromium.complaints
