"""Plots support names in any script and of any length without warnings."""

import re

import pytest
from matplotlib import font_manager

from voicelab.report import cells, fonts, plots
from voicelab.report.canvas import canvas, plain
from voicelab.report.theme import LIGHT


def drawn(*names):
    figure, axes = canvas("Names", "run x", 3.0, LIGHT)
    axes.set_yticks(range(len(names)), [plain(name) for name in names])
    return figure


def test_letters_that_the_fonts_have_are_outlines():
    found = plots.svg(drawn("price", "Ωμέγα", "цена"))
    assert b"<text" not in found
    assert plots.png(drawn("price")).startswith(b"\x89PNG")


def test_a_script_without_a_font_is_text_for_the_browser(monkeypatch):
    monkeypatch.setattr(fonts, "_family_with", lambda character: None)
    found = plots.svg(drawn("price", "价格", "新闻")).decode()
    assert "价格" in found
    assert "新闻" in found
    assert plots.png(drawn("价格")) is None
    shown = cells.figure(drawn("价格"))
    assert shown._repr_png_() is None
    assert "data:image/svg+xml" in shown._repr_html_()


def test_an_installed_font_is_used(monkeypatch):
    # Chinese fonts may be missing here. A font with mathematical symbols shows that the search finds installed fonts.
    character = "\U0001d538"
    family = fonts._family_with(character)
    assert family is not None
    assert not family.startswith("Last Resort")
    entry = next(one for one in font_manager.fontManager.ttflist if one.name == family and one.style == "normal")
    assert font_manager.get_font(entry.fname).get_char_index(ord(character))
    figure = drawn(f"{character}")
    _, lacking = fonts.render(lambda: plots._svg(figure, "path"))
    fonts.use_installed(figure, lacking | {character})
    assert family in figure.axes[0].get_yticklabels()[0].get_fontfamily()


@pytest.mark.parametrize("name", ["x" * 100_000, "a\nb" * 1000, "\t\r\n", "$x$", "\0\x07", "ﷺ" * 50, "🎉"])
def test_any_name_fits_on_one_short_line(name):
    shown = plain(name)
    assert len(shown.replace(r"\$", "$")) <= 30
    assert not re.search(r"[\x00-\x1f]", shown)
    assert plots.svg(drawn(name)).startswith(b"<?xml")
