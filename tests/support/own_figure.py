"""The example of docs/reference/figures.md, and a place to import it from."""

import re

from voicelab.paths import PROJECT

NAME = "long_answers"


def example() -> str:
    """The source of the figure that the page shows."""
    text = next(PROJECT.joinpath("docs").rglob("figures.md")).read_text()
    (source,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return source


def importable(folder, monkeypatch, module=NAME) -> str:
    """Write the example as a module that can be imported; what `--figure` calls it."""
    (folder / f"{module}.py").write_text(example())
    monkeypatch.syspath_prepend(str(folder))
    return f"{module}:FIGURE"
