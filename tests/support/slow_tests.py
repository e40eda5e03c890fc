"""Durations of tests: tests/slow.txt lists the tests that `make test-fast` skips, tests/file_seconds.txt all files.

    make test ARGS="--junitxml=report.xml" && python -m tests.support.slow_tests report.xml

measures again and writes both lists, so that test files need no markers. Files run in
the order of their duration, the longest first: a long file that started last would run alone at the end.

A fixture of a module counts for the first test that uses it, so that another test would be slow in its place. Slow
fixtures are therefore listed by hand, as `tests/x/test_y.py::fixture`, and all tests that use them are slow.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

LIST = Path(__file__).parents[1] / "slow.txt"
FILE_SECONDS = Path(__file__).parents[1] / "file_seconds.txt"
LIMIT_S = 0.5
"""A test function is slow when one of its cases takes longer than this, its fixtures included."""
UNKNOWN_S = 5.0
"""Assumed for a file that was not measured yet."""
_ALMOST_ALL = 0.9
_FEW = 5


def listed() -> frozenset[str]:
    """The files, test functions and fixtures of the list, as `tests/x/test_y.py` and `tests/x/test_y.py::test_z`."""
    lines = LIST.read_text(encoding="utf-8").splitlines()
    return frozenset(line for line in lines if line and not line.startswith("#"))


def is_slow(node_id: str, slow: frozenset[str], fixtures: Iterable[str] = ()) -> bool:
    """Return whether the list contains the test's file or function, or one of its fixtures. node_id: pytest's id."""
    name, file = node_id.partition("[")[0], file_of(node_id)
    return not slow.isdisjoint({name, file, *(f"{file}::{fixture}" for fixture in fixtures)})


def file_of(node_id: str) -> str:
    """Return the path of a test's file. node_id: pytest's id."""
    return node_id.partition("::")[0]


def file_seconds() -> dict[str, float]:
    """Seconds by file, as `tests/x/test_y.py`."""
    lines = FILE_SECONDS.read_text(encoding="utf-8").splitlines()
    return {path: float(seconds) for seconds, path in (line.split() for line in lines if not line.startswith("#"))}


def seconds_by_file(reports: list[Path]) -> dict[str, float]:
    """The sums of JUnit reports, the longest first. A test's seconds include its fixtures."""
    seconds: dict[str, float] = defaultdict(float)
    for report in reports:
        for file, _, taken_s in _cases(report):
            seconds[file] += taken_s
    return dict(sorted(seconds.items(), key=lambda item: (-item[1], item[0])))


def _cases(report: Path) -> Iterator[tuple[str, str, float]]:
    """The file, the name and the seconds of each test. Errors outside of tests have an empty class name."""
    for case in ElementTree.parse(report).iter("testcase"):
        # Of a test in a class, the class name ends with that of the class.
        parts = list(filter(None, case.attrib["classname"].split(".")))
        module = [part for part in parts if not part[0].isupper()]
        if module:
            name = "::".join([*parts[len(module) :], case.attrib["name"]])
            yield "/".join(module) + ".py", name, float(case.attrib["time"])


def measured(reports: list[Path], limit_s: float = LIMIT_S) -> list[str]:
    """The slow functions of JUnit reports; a whole file where they are nearly all of it."""
    seconds: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for report in reports:
        for file, name, taken_s in _cases(report):
            seconds[file][name.partition("[")[0]].append(taken_s)
    found = []
    for file, functions in sorted(seconds.items()):
        slow = [name for name, taken in functions.items() if max(taken) > limit_s]
        share = sum(sum(functions[name]) for name in slow) / max(1e-9, sum(map(sum, functions.values())))
        is_whole = slow and share > _ALMOST_ALL and len(functions) - len(slow) < _FEW
        found += [file] if is_whole else [f"{file}::{name}" for name in sorted(slow)]
    return found


def main() -> int:
    """Write both lists from the reports named on the command line."""
    paths = [Path(name) for name in sys.argv[1:]]
    if not paths:
        print("error: name one or more JUnit reports, as pytest --junitxml writes them", file=sys.stderr)
        return 2
    head = ["# Tests that take longer than half a second on two idle cores. Written by tests/support/slow_tests.py."]
    fixtures = [line for line in listed() if "::" in line and "::test_" not in line]
    LIST.write_text("\n".join([*head, *sorted([*fixtures, *measured(paths)])]) + "\n", encoding="utf-8")
    head = ["# Seconds by test file, the longest first. Written by tests/support/slow_tests.py."]
    lines = [f"{seconds:.1f} {file}" for file, seconds in seconds_by_file(paths).items()]
    FILE_SECONDS.write_text("\n".join([*head, *lines]) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
