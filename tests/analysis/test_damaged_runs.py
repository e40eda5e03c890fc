"""`voicelab runs list` and the page list all runs, and damaged ones with their reason."""

import json
import os
from datetime import timedelta

import pytest

from server.web import runs as page
from tests.support.command_line import voicelab
from tests.support.protected import run_protected
from tests.support.run_folders import BEGUN, write_run

FAULTS = {
    "bytes": b'{"run_id": "\xff\xfe"}',
    "utf-16": '{"run_id": "x"}'.encode("utf-16"),
    "empty": b"",
    "list": b"[1, 2]",
    "null": b"null",
    "number": b"1e999",
    "deep": b"[" * 50_000,
    "surrogate": b'{"run_id": "\\ud800"}',
    "zero": b"\0" * 40,
}


def changed(folder, **values):
    path = folder.path / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def listed(out):
    done = voicelab("runs", "list", "--out", out, "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)
    shown = voicelab("runs", "list", "--out", out)
    assert shown.exit_code == 0, shown.output
    return {row["run_id"]: row for row in rows}


def on_page(out):
    views = page.views_of(out)
    json.dumps([view.model_dump(mode="json") for view in views], allow_nan=False).encode()
    return {view.run_id: view for view in views}


@pytest.fixture
def out(tmp_path):
    write_run(tmp_path, "good")
    return tmp_path


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("file", ["run.json", "summary.json"])
def test_a_file_of_any_content_leaves_the_other_runs_listed(out, file, fault):
    (write_run(out, "bad").path / file).write_bytes(FAULTS[fault])
    rows, views = listed(out), on_page(out)
    assert rows["good"]["state"] == "finished"
    assert views["good"].status == "finished"
    if file == "run.json":
        assert (rows["bad"]["state"], views["bad"].status) == ("damaged", "damaged")
        assert "run.json" in rows["bad"]["note"]
        assert "run.json" in views["bad"].problem
    else:
        assert rows["bad"]["state"] == "finished"
        assert "no readable report" in rows["bad"]["note"]
        assert views["bad"].figures == []


@pytest.mark.parametrize(
    "values",
    [
        {"started_at": "2026-03-01T12:00:00"},
        {"finished_at": "2026-03-01T12:00:00"},
        {"started_at": "yesterday"},
        {"started_at": None},
        {"planned_turns": "many"},
        {"spec": []},
        {"engines": {"asr": 1}},
        {"run_id": 7},
    ],
    ids=str,
)
def test_wrong_types_and_dates_without_a_zone_are_named(out, values):
    changed(write_run(out, "bad"), **values)
    row, view = listed(out)["bad"], on_page(out)["bad"]
    assert row["state"] == "damaged"
    assert next(iter(values)) in row["note"]
    assert next(iter(values)) in view.problem
    assert listed(out)["good"]["state"] == on_page(out)["good"].status == "finished"


def test_the_ends_of_time_are_sorted(out):
    changed(write_run(out, "first"), started_at="0001-01-01T00:00:00+14:00")
    changed(write_run(out, "last"), started_at="9999-12-31T23:59:59-14:00")
    write_run(out, "next", started_at=BEGUN + timedelta(hours=1))
    assert list(listed(out)) == list(on_page(out)) == ["last", "next", "good", "first"]


def test_a_name_that_is_not_utf_8_is_listed(out):
    odd = out / os.fsdecode(b"caf\xe9")
    odd.mkdir()
    (odd / "run.json").write_text("{}")
    assert listed(out)["caf�"]["state"] == "damaged"
    assert on_page(out)["caf�"].status == "damaged"


@pytest.mark.parametrize("locked", ["hidden", "hidden/run.json"])
def test_what_may_not_be_read_hides_nothing(out, locked):
    write_run(out, "hidden")
    (out / locked).chmod(0)
    try:
        done = run_protected("runs", "list", "--out", out, "--json", folder=out)
        program = """
import pathlib
from server.web import runs
print(*sorted(f"{one.run_id}:{one.status}" for one in runs.views_of(pathlib.Path())))
"""
        seen = run_protected(folder=out, program=program)
    finally:
        (out / locked).chmod(0o755)
    rows = {row["run_id"]: row for row in json.loads(done.stdout)}
    assert rows["good"]["state"] == "finished"
    assert rows["hidden"]["state"] == "damaged"
    assert "Permission denied" in rows["hidden"]["note"]
    assert seen.stdout.split() == ["good:finished", "hidden:damaged"], seen.stderr
