"""Measure the length and the number of parameters of the functions in voicelab/ and server/.

`python -m tests.support.function_sizes` prints the median, the 90th percentile, the maximum, and the largest ones.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from statistics import median, quantiles

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class FunctionSize:
    """lines: from `def` to the end. parameters: without self and cls."""

    path: str
    name: str
    lines: int
    parameters: int

    def __str__(self) -> str:
        return f"{self.path}: {self.name}: {self.lines} lines, {self.parameters} parameters"


@cache
def function_sizes() -> tuple[FunctionSize, ...]:
    """Yield every function and method, including nested ones."""
    return tuple(
        size for package in ("voicelab", "server") for path in sorted((PROJECT / package).rglob("*.py"))
        for size in _of_file(path)
    )  # fmt: skip


def _of_file(path: Path) -> Iterator[FunctionSize]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            named = [one for one in given if one.arg not in ("self", "cls")]
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            yield FunctionSize(str(path.relative_to(PROJECT)), node.name, lines, len(named))


if __name__ == "__main__":
    sizes = function_sizes()
    lines = [size.lines for size in sizes]
    ninth = quantiles(lines, n=10)[-1]
    print(f"{len(sizes)} functions: median {median(lines):g}, 90th percentile {ninth:g}, maximum {max(lines)} lines")
    for size in sorted(sizes, key=lambda one: (-one.lines, one.path))[:10]:
        print(size)
