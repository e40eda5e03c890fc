"""The Python snippets of the documentation compile, and every name that they import from voicelab exists."""

import ast
import importlib
import re

import pytest

from voicelab.paths import PROJECT

PAGES = sorted([*(PROJECT / "docs").rglob("*.md"), PROJECT / "README.md"])
SNIPPETS = [
    pytest.param(text, id=f"{page.name}-{number}")
    for page in PAGES
    for number, text in enumerate(
        re.findall(r"^```py(?:thon)?\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE), 1
    )
    if not text.startswith(">>>")
]


@pytest.mark.parametrize("text", SNIPPETS)
def test_a_snippet_compiles_and_imports_what_exists(text):
    tree = compile(text, "snippet", "exec", ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "voicelab":
            module = importlib.import_module(node.module)
            assert all(hasattr(module, one.name) or is_module(f"{node.module}.{one.name}") for one in node.names)


def is_module(name: str) -> bool:
    return importlib.util.find_spec(name) is not None
