"""The option for figures from outside the package."""

from __future__ import annotations

from typing import Annotated

import typer

FigureOption = Annotated[
    list[str] | None,
    typer.Option(help="Also compute this figure, package.module:OBJECT; may be repeated (docs/reference/figures.md)."),
]
