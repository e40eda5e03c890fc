"""The report in a browser: search, filters, links and copies, and its state in the URL."""

import re

import pytest

from tests.support.browsing import browser, needed, until
from tests.support.made_runs import VARIED, answered, failed, keep_run, made_run
from voicelab.agent.base import ToolCall
from voicelab.report import page

pytestmark = needed

CALL = ToolCall(name="quote", arguments={"company": "Apple & Co"}, result="10")
TURNS = [*VARIED, failed("broken"), answered("odd key/100%", tool_calls=(CALL,), answer="Ford_1 is 50% & up")]


def written(path, turns):
    """The address of a report without plots."""
    folder = keep_run(path, made_run(planned_turns=len(turns)), turns)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page, "_pictures", lambda summary: [])
        return page.write(folder).as_uri()


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return written(tmp_path_factory.mktemp("made") / "made", TURNS)


@pytest.fixture(scope="module")
def chromium():
    with browser() as found:
        yield found


def rows(shown):
    return shown.locator("#samples-table tbody tr:visible th a").all_inner_texts()


def test_filters_are_kept_in_the_address(chromium, report):
    shown = chromium.open(report)
    assert len(rows(shown)) == len(TURNS)
    shown.check("input[value=intent]")
    shown.click("th:has-text('WER') button")
    assert rows(shown) == ["d"]
    again = chromium.open(shown.evaluate("location.href"))  # shown.url may be late
    assert rows(again) == ["d"]
    assert again.get_attribute("th:has-text('WER')", "aria-sort") == "ascending"
    again.click("button[type=reset]")
    until(lambda: again.evaluate("document.querySelector('#shown').textContent.startsWith('6 of 6')"))


@pytest.mark.parametrize(("flag", "keys"), [("tool", ["odd key/100%"]), ("fault", ["broken"])])
def test_each_filter_keeps_its_turns(chromium, report, flag, keys):
    assert rows(chromium.open(f"{report}#?only={flag}")) == keys


def test_search_finds_words_of_texts_and_ids(chromium, report):
    shown = chromium.open(report)
    shown.fill("input[name=q]", "FORD_1")
    assert rows(shown) == ["odd key/100%"]
    shown.fill("input[name=q]", "no such word")
    assert rows(shown) == []


def test_a_link_to_a_turn_shows_it_though_a_filter_hides_it(chromium, report):
    shown = chromium.open(f"{report}#?only=fault")
    href = shown.locator("tr", has_text="Ford_1").locator("th a").get_attribute("href")
    shown.evaluate("href => { location.hash = href.slice(1); }", href)
    until(lambda: shown.evaluate("[...document.querySelectorAll('tr:target')].some((row) => !row.hidden)"))
    assert "odd key/100%" in rows(shown)


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("CSV", "reference: what is the price of Apple; transcript: what is the price of apple; answer: Ford_1 is"),
        ("Markdown", "| odd key/100% |"),
        ("LaTeX", r"Ford\_1 is 50\% \& up"),
    ],
)
def test_a_table_is_copied(chromium, report, name, part):
    shown = chromium.open(report, permissions=["clipboard-read", "clipboard-write"])
    shown.click(f"button[aria-label='copy samples as {name}']")
    until(lambda: shown.evaluate("[...document.querySelectorAll('.copy output')].some((one) => one.textContent)"))
    copied = shown.evaluate("navigator.clipboard.readText()")
    assert part.strip('"') in copied
    assert len(copied.splitlines()) >= len(TURNS) + 1


@pytest.mark.parametrize("width", [761, 1199, 1200, 1260, 1440])
def test_only_the_samples_scroll_sideways(chromium, report, width):
    shown = chromium.open(report, viewport={"width": width, "height": 900})
    # The widest cells of the shipped set make its table this wide.
    shown.add_style_tag(content=".samples { width: 1202px; }")
    assert shown.evaluate("document.documentElement.scrollWidth") == width


def test_it_fits_a_phone_and_prints_on_a4(chromium, report):
    shown = chromium.open(report, viewport={"width": 390, "height": 844})
    assert shown.evaluate("document.documentElement.scrollWidth") == 390
    printed = shown.pdf(prefer_css_page_size=True)
    assert set(re.findall(rb"/MediaBox \[0 0 (\d+)[.\d]* (\d+)", printed)) == {(b"594", b"841")}
    # Regression: scrollable tables, each on a separate page, resulted in 31 pages for the shipped set.
    assert printed.count(b"/Type /Page\n") <= 12
    assert not chromium.complaints


def test_a_long_report_prints_the_first_hundred_samples_that_the_filter_keeps(chromium, tmp_path):
    turns = [answered(f"t{number:03}", intent="news" if number % 10 == 9 else "price") for number in range(120)]
    shown = chromium.open(written(tmp_path / "long", turns))
    shown.emulate_media(media="print")
    assert len(rows(shown)) == 100
    assert shown.locator(".printed-part").first.is_visible()
    shown.emulate_media(media="screen")
    shown.check("input[value=intent]")
    shown.emulate_media(media="print")
    assert len(rows(shown)) == 12


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_screen_reader_and_a_keyboard_reach_everything(chromium, report, theme):
    from axe_playwright_python.sync_playwright import Axe

    shown = chromium.open(report, color_scheme=theme)
    found = Axe().run(shown)
    assert found.violations_count == 0, found.generate_report()
