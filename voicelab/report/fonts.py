"""Fonts for the texts of a figure: matplotlib's own where it has the script, else an installed one that has it.

Where no installed font has it, an SVG holds such texts as text, and the reader's browser draws them with its fonts.
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
"""A font of boxes that comes with matplotlib: it has every character and draws none."""


def render(save: Callable[[], bytes]) -> tuple[bytes, frozenset[str]]:
    """What `save` gives, and the characters that the figure's fonts lack. Other warnings are passed on."""
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
    """Give the figure's texts the installed fonts that have these characters, after the ones that they have."""
    from matplotlib.text import Text

    families = [family for family in map(_family_with, sorted(lacking)) if family is not None]
    for text in figure.findobj(Text):
        assert isinstance(text, Text)
        text.set_fontfamily([*text.get_fontfamily(), *dict.fromkeys(families)])


@cache
def _family_with(character: str) -> str | None:
    """The family of an installed font that has the character."""
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
