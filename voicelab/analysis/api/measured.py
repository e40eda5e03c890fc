"""The figures of a run as a mapping that prints as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from voicelab.report import tables
from voicelab.report.text_tables import as_text
from voicelab.report.wording import headline
from voicelab.scoring.schema import Measured, Summary

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, repr=False, eq=False)
class Figures(Mapping[str, Measured]):
    """Figures by name: `figures["wer"].value`, `.low` and `.high` (95 % interval), `.n`, `.missing` (reason).

    details: the complete summary, with the figures by speaker, category, condition and entity class.
    """

    details: Summary

    def __getitem__(self, name: str) -> Measured:
        if name not in self.details.figures:
            raise KeyError(f"{name}; the run has: {', '.join(self.details.figures)}")
        return self.details.figures[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.details.figures)

    def __len__(self) -> int:
        return len(self.details.figures)

    def to_frame(self) -> pd.DataFrame:
        """Return a row for each figure: name, value, low, high, n, part, of, missing, unit."""
        return tables.figures_frame(self.details)

    def __repr__(self) -> str:
        lines = headline(self.details)
        first, second = (max((len(line[column]) for line in lines), default=0) for column in (0, 1))
        return "\n".join(f"{name:<{first}}  {value:>{second}}  {note}".rstrip() for name, value, note in lines)

    def _repr_html_(self) -> str:
        """Return the leading figures as a table, and all of them in a closed block, because they fill two screens."""
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(value)}</td><td>{escape(note)}</td></tr>"
            for name, value, note in headline(self.details)
        )
        every = as_text(self.to_frame().drop(columns=["name"])).to_html(na_rep="–", border=0)
        return f"<table>{rows}</table><details><summary>all {len(self)} figures</summary>{every}</details>"
