"""Choose fonts for the text of a plot: matplotlib's own, or an installed font for scripts that it lacks.

If no installed font covers a script, the SVG contains the text as text, and the browser chooses the font.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GLYPH_MISSING = re.compile(r"Glyph (\d+) .*missing from")
_PREFERRED = ("Noto Sans CJK", "Noto Sans", "Source Han Sans", "WenQuanYi", "Droid Sans Fallback")
_PLACEHOLDERS = "Last Resort"
"""matplotlib's fallback font: it covers every character and draws each as a box."""


def render(save: Callable[[], bytes]) -> tuple[bytes, frozenset[str]]:
    """Return the result of `save` and the characters that the fonts lack. Other warnings are passed on."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        data = save()
    lacking = set()
    for one in caught:
        found = _GLYPH_MISSING.match(str(one.message))
        if found:
            lacking.add(chr(int(found[1])))
        else:
            warnings.warn_explicit(one.message, one.category, one.filename, one.lineno)
    return data, frozenset(lacking)


def use_installed(figure: Figure, lacking: Iterable[str]) -> None:
    """Add installed fonts with these characters as fallbacks to the text of the figure."""
    from matplotlib.text import Text

    families = [family for family in map(_family_with, sorted(lacking)) if family is not None]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontfamily([*text.get_fontfamily(), *dict.fromkeys(families)])


@cache
def _family_with(character: str) -> str | None:
    """Return the family of an installed font with the character."""
    from matplotlib.font_manager import fontManager, get_font

    for entry in sorted(fontManager.ttflist, key=lambda entry: (not entry.name.startswith(_PREFERRED), entry.name)):
        if entry.name.startswith(_PLACEHOLDERS) or entry.style != "normal":
            continue
        try:
            if get_font(entry.fname).get_char_index(ord(character)):
                return str(entry.name)
        except (OSError, RuntimeError):  # removed or damaged since matplotlib listed it
            continue
    return None
