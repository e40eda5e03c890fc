"""Build the documentation site: `make docs`, or `sphinx-build -W docs docs/_build/html`. It needs no network."""

from __future__ import annotations

import re
from importlib.metadata import version as installed_version

project = "voicelab"
author = "the voicelab authors"
release = version = installed_version("voicelab")

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.viewcode"]
exclude_patterns = ["_build", "gallery/runs", "**.ipynb_checkpoints"]
templates_path: list[str] = []
html_theme = "furo"
html_title = f"voicelab {release}"
html_static_path: list[str] = []

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


def _escape(app: object, what: str, name: str, obj: object, options: object, lines: list[str]) -> None:
    """Docstrings are plain text, so characters that reStructuredText would read as markup are escaped."""
    text = [line.replace("*", r"\*").replace("|", r"\|") if not line.startswith("    ") else line for line in lines]
    lines[:] = [line.rstrip() for line in _with_literal_blocks(text)]


def _with_literal_blocks(lines: list[str]) -> list[str]:
    """Turn an indented paragraph into a literal block, as it looks in the source."""
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
    """Register the hooks; called by Sphinx."""
    app.connect("autodoc-process-docstring", _escape)  # type: ignore[attr-defined]
    app.connect("source-read", _keep_links_inside)  # type: ignore[attr-defined]
