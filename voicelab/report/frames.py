"""Create DataFrames. pandas is imported here, because importing it takes longer than comparing thousands of turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


def data_frame(rows: Any, columns: Sequence[str] | None = None, *, index: str | None = None) -> pd.DataFrame:
    """Return a table of rows, or of columns by name. index: the column that becomes the index."""
    import pandas as pd

    frame = pd.DataFrame(rows, columns=None if columns is None else list(columns))
    return frame if index is None else frame.set_index(index)
