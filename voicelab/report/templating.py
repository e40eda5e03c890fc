"""The jinja2 environment: undefined names are errors, and all text is escaped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from voicelab.report.wording import number, seconds
from voicelab.scoring.labels import label

if TYPE_CHECKING:
    import jinja2

_TEMPLATES = Path(__file__).parent / "templates"


def environment(*folders: Path) -> jinja2.Environment:
    """Return an environment that searches these folders first, then the report's templates.

    Its filters format names and numbers as in all tables.
    """
    import jinja2

    templates = jinja2.Environment(
        loader=jinja2.FileSystemLoader([*folders, _TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"label": label, "number": number, "seconds": seconds}
    return templates
