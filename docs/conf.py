"""Build the documentation site: `make docs`, or `sphinx-build -W docs docs/_build/html`. It needs no network."""

from __future__ import annotations

import inspect
import re
from importlib.metadata import version as installed_version
from itertools import groupby

project = "voicelab"
author = "the voicelab authors"
release = version = installed_version("voicelab")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "gallery/runs", "**.ipynb_checkpoints"]
templates_path: list[str] = []
html_theme = "furo"
html_title = f"voicelab {release}"
html_static_path = ["static"]
html_css_files = ["tables.css"]

# `gallery.py` executes the notebooks before the build, so that a failure names its cell.
nb_execution_mode = "off"
nb_merge_streams = True
myst_heading_anchors = 4
myst_enable_extensions = ["deflist", "fieldlist"]
# `py`, `json file:name` and the like mark blocks for the tests of the documents; Pygments knows the first word only.
suppress_warnings = ["misc.highlighting_failure"]

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
default_role = "literal"
toc_object_entries_show_parents = "hide"

_PARAMETERS = re.compile(r"(?:^|(?<=[.;] ))([a-z]\w*(?:, [a-z]\w*)*): ")
_OUTCOME = re.compile(r"(?<=\.) (?=Raises |Returns )")


def _to_restructured_text(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Convert a docstring, which is plain text: list its parameters, and escape characters of markup."""
    text = _with_parameter_lists(lines, _parameters_of(obj))
    text = [line.replace("*", r"\*").replace("|", r"\|") if not line.startswith("    ") else line for line in text]
    lines[:] = [line.rstrip() for line in _with_literal_blocks(text)]


def _parameters_of(obj: object) -> set[str]:
    try:
        return {*getattr(obj, "__annotations__", ()), *inspect.signature(obj).parameters}  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return set()


def _with_parameter_lists(lines: list[str], parameters: set[str]) -> list[str]:
    """Turn `name: meaning. name, name: meaning.` in a paragraph into a list with an entry for each parameter."""
    found: list[str] = []
    for is_text, group in groupby(lines, lambda line: bool(line) and not line.startswith(" ")):
        paragraph = list(group)
        text = " ".join(paragraph) if is_text else ""
        starts = [one for one in _PARAMETERS.finditer(text) if parameters.issuperset(one[1].split(", "))]
        if not starts:
            found += paragraph
            continue
        ends = [*(one.start() for one in starts[1:]), len(text)]
        found += [text[: starts[0].start()].strip(), ""]
        for start, end in zip(starts, ends, strict=True):
            meaning, *rest = _OUTCOME.split(text[start.end() : end].strip())
            found += [f"- `{start[1]}`: {meaning}", "", *rest]
    return found


def _with_literal_blocks(lines: list[str]) -> list[str]:
    """Turn indented paragraphs into literal blocks, as they look in the source."""
    found: list[str] = []
    for line in lines:
        if line.startswith("    ") and (not found or not found[-1].strip()):
            found += ["::", ""]
        found.append(line)
    return found


def _keep_links_inside(app: object, document: str, content: list[str]) -> None:
    """Point links to notebooks at the gallery, and show links to other files of the project as plain text."""
    text = re.sub(r"\]\((?:\.\./)+notebooks/(\w+\.ipynb)\)", r"](/gallery/executed/\1)", content[0])
    content[0] = re.sub(r"\[([^\]]+)\]\(\.\./\.\./[^)]+\)", r"\1", text)


def setup(app: object) -> None:
    """Register the hooks. Sphinx calls this function."""
    app.connect("autodoc-process-docstring", _to_restructured_text)  # type: ignore[attr-defined]
    app.connect("source-read", _keep_links_inside)  # type: ignore[attr-defined]
