"""The list of slow tests names existing tests, and equals the measurement."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.support.slow_tests import file_of, file_seconds, is_slow, listed, measured, seconds_by_file

PROJECT = Path(__file__).parents[2]


@cache
def functions_of(file: Path) -> set[str]:
    found = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


def test_every_line_names_a_test_that_exists() -> None:
    for line in listed():
        file, _, name = line.partition("::")
        assert (PROJECT / file).is_file(), f"tests/slow.txt: {file} does not exist"
        assert not name or name in functions_of(PROJECT / file), f"tests/slow.txt: {line} does not exist"


@pytest.mark.parametrize(
    ("node_id", "expected"),
    [("a/test_x.py::test_one[2-b[]]", True), ("a/test_x.py::test_two", False), ("a/test_y.py::test_any", True)],
)
def test_a_function_or_its_whole_file_is_listed(node_id: str, expected: bool) -> None:
    assert is_slow(node_id, frozenset({"a/test_x.py::test_one", "a/test_y.py"})) is expected


def test_all_tests_that_use_a_listed_fixture_are_slow() -> None:
    slow = frozenset({"a/test_x.py::made"})
    assert is_slow("a/test_x.py::test_one", slow, ["tmp_path", "made"])
    assert not is_slow("a/test_x.py::test_two", slow, ["tmp_path"])
    assert not is_slow("a/test_y.py::test_one", slow, ["made"])


def test_what_takes_long_is_listed_and_nearly_whole_files_as_one(tmp_path: Path) -> None:
    cases = [("a.test_x", "test_one[1]", 0.1), ("a.test_x", "test_one[2]", 3), ("a.test_y", "test_slow", 9)]
    cases += [("a.test_x", f"test_{number}", 0.2) for number in range(9)] + [("a.test_y", "test_quick", 0.1)]
    report = tmp_path / "report.xml"
    lines = [f'<testcase classname="{file}" name="{name}" time="{taken}"/>' for file, name, taken in cases]
    report.write_text(f"<testsuite>{''.join(lines)}</testsuite>")
    assert measured([report]) == ["a/test_x.py::test_one", "a/test_y.py"]


def test_files_have_the_sums_of_their_tests_the_longest_first(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    cases = [("a.test_x", 0.25), ("a.test_y", 9), ("a.test_x", 0.5)]
    lines = [f'<testcase classname="{file}" name="test_one" time="{taken}"/>' for file, taken in cases]
    report.write_text(f"<testsuite>{''.join(lines)}</testsuite>")
    assert list(seconds_by_file([report, report]).items()) == [("a/test_y.py", 18), ("a/test_x.py", 1.5)]


def test_the_seconds_are_of_files_that_exist_and_order_the_tests(request: pytest.FixtureRequest) -> None:
    seconds = file_seconds()
    assert [path for path in seconds if not (PROJECT / path).is_file()] == []
    order = list(dict.fromkeys(file_of(item.nodeid) for item in request.session.items))
    listed_here = [seconds[path] for path in order if path in seconds]
    assert listed_here == sorted(listed_here, reverse=True)
