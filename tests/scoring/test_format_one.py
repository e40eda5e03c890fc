"""A run whose summary has format 1 opens everywhere, and today's figures are its numbers to the last digit."""

import json
import shutil
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest
from pydantic import BaseModel

from server.web.runs import view_of
from tests.support.command_line import voicelab
from voicelab.analysis.compare import compare
from voicelab.analysis.run_catalog import look
from voicelab.figures.latency import POINTS
from voicelab.figures.table import FIGURES
from voicelab.report import page
from voicelab.runs.records import RunFolder
from voicelab.scoring import summary_file
from voicelab.scoring.summary import summarize

STORED = Path(__file__).parents[1] / "data" / "run_of_format_1"
NEW = {
    "entities_lost_tts", "listener_misses", "sentence_error_rate", "response_timed", "early_answers",
    "tool_turns_right", "tool_calls_right", "tool_calls_missed", "tool_calls_extra",
    "first_token_s.p50", "first_token_s.p95", "entity_commit_s.p50", "entity_commit_s.p95", "flicker",
    "tokens_per_turn", "cost_per_turn", "streaming_wer_gap", *(f"response_s.{point}" for point in POINTS),
    "wer_after_0ms", "wer_after_500ms", "wer_after_1000ms", "response_rate", "yield_s.p50", "yield_s.p95", "yield_rate",
    "selectivity", "selectivity_backchannel", "selectivity_vocal_tic", "selectivity_non_directed", "talk_over",
    "dead_air",
}  # fmt: skip
"""Figures that format 1 does not have, or does not have in this run."""
WITHOUT_INTERVAL = ("silence_kept", "false_speech_per_minute")
SAME = ("value", "n", "part", "of", "method", "level", "clustered_by", "clusters")
ENDS = ("low", "high")
"""Format 1 made the intervals of rates on log odds."""


@pytest.fixture
def folder(tmp_path):
    shutil.copytree(STORED, tmp_path / "run_of_format_1")
    return tmp_path / "run_of_format_1"


def assert_same(old, new):
    assert set(new) - set(old) <= NEW
    for name, found in old.items():
        compared = ("value", "n", "part", "of") if name in WITHOUT_INTERVAL else SAME
        for field in compared:
            assert getattr(new[name], field) == getattr(found, field), (name, field)
        if name not in WITHOUT_INTERVAL:
            assert bool(new[name].no_interval) == bool(found.no_interval), name
        for field in () if name in WITHOUT_INTERVAL else ENDS:
            assert getattr(new[name], field) == pytest.approx(getattr(found, field), abs=0.1), (name, field)


def without_notes(part):
    """A part of a summary as plain values, without its notes, whose wording may change."""
    if is_dataclass(part):
        return without_notes({field.name: getattr(part, field.name) for field in fields(part) if field.name != "note"})
    if isinstance(part, BaseModel):
        return without_notes({name: getattr(part, name) for name in type(part).model_fields if name != "note"})
    if isinstance(part, dict):
        return {name: without_notes(one) for name, one in part.items()}
    return [without_notes(one) for one in part] if isinstance(part, list | tuple) else part


def test_todays_figures_are_those_of_format_1(folder):
    old, new = summary_file.read(folder / "summary.json"), summarize(folder)
    assert set(old.figures) == set(FIGURES) - NEW
    assert_same(old.figures, new.figures)
    assert set(old.by) == set(new.by) == {"category", "speaker", "entity_class"}
    for grouping, members in old.by.items():
        for member, found in members.items():
            known = {name: new.by[grouping][member][name] for name in found}
            assert_same(found, known)
    for name in ("turns", "resampling", "confusion", "median_turn", "scenarios", "linker", "attribution"):
        assert without_notes(getattr(old, name)) == without_notes(getattr(new, name)), name
    for before, after in zip(old.cold, new.cold, strict=True):
        assert before.key == after.key
        assert before.stages.items() <= after.stages.items()


def test_the_conversion_leaves_no_number_behind(folder):
    """Every value of format 1 is in the converted summary."""
    raw = json.loads((folder / "summary.json").read_text())
    old = summary_file.read(folder / "summary.json")
    assert old.figures["wer"].value == raw["words"]["overall"]["wer"]["value"]
    assert old.figures["wer"].counts["deletions"] == raw["words"]["overall"]["deletions"]
    assert old.figures["entity_f1"].low == raw["entities"]["agent_f1"]["interval"]["low"]
    assert old.figures["turn_s.p50"].high == raw["latency"]["stages"]["turn_s"]["p50_interval"]["high"]
    assert old.figures["turn_s.p99"].missing == "n too small: 43 of 100 turns"
    assert old.figures["actions_lost"].part == raw["attribution"]["actions"]["lost"]["part"]


def test_lists_and_the_page_show_it(folder):
    listed = voicelab("runs", "list", "--out", folder.parent)
    assert (listed.exit_code, "0.271" in listed.output) == (0, True)
    assert "word error rate (WER)" in voicelab("runs", "show", folder).output
    view = view_of(look(folder))
    figures = {figure.name: figure for figure in view.figures}
    assert figures["wer"].value == summary_file.read(folder / "summary.json").figures["wer"].value


def test_gate_compare_and_report_take_it(folder, monkeypatch):
    monkeypatch.setattr(page, "_pictures", lambda _: [])
    assert voicelab("gate", folder, "--max", "wer=0.3", "--max", "turn_s.p50=2").exit_code == 0
    assert "0.2713 [0.2061, 0.3571]" in voicelab("gate", folder, "--max", "wer=0.3").output
    other = folder.parent / "other"
    shutil.copytree(folder, other)
    run = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps(run | {"run_id": "other"}))
    differences = compare([folder, other]).pairs()
    assert set(differences["difference"]) == {0}
    assert page.write(RunFolder(folder)).is_file()
    assert json.loads((folder / "summary.json").read_text())["format"] == 2
