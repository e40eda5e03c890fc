"""The example of docs/reference/figures.md as an importable module."""

import re

from voicelab.paths import PROJECT

NAME = "long_answers"


def example() -> str:
    """Return the source of the example."""
    text = (PROJECT / "docs/reference/figures.md").read_text()
    (source,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return source


def importable(folder, monkeypatch, module=NAME) -> str:
    """Write the example as an importable module, and return its name for `--figure`."""
    (folder / f"{module}.py").write_text(example())
    monkeypatch.syspath_prepend(str(folder))
    return f"{module}:FIGURE"
