"""Completion lists engines with their options, sets and runs, and never fails."""

import pytest

from voicelab.cli import completion


def words(found):
    return [word for word, _ in found]


@pytest.mark.parametrize(
    ("complete", "name"),
    [(completion.recognizers, "pocketsphinx"), (completion.agents, "rules"), (completion.voices, "espeak")],
)
def test_engines_complete_by_name(complete, name):
    assert name in words(complete(""))
    assert words(complete(name[:4])) == [name]
    assert complete("no-such-engine") == []
    assert complete("no-such-engine:x") == []


def test_the_options_of_an_engine_follow_its_colon():
    assert "rules:threshold=" in words(completion.agents("rules:"))
    assert words(completion.agents("rules:thr")) == ["rules:threshold="]


def test_sets_and_runs_complete_to_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("reports/one", "reports/two", "reports/notes", "sets/mine"):
        (tmp_path / name).mkdir(parents=True)
    for name in (
        "reports/one/run.json",
        "reports/two/run.json",
        "sets/mine/voice_samples.json",
        "sets/rows.csv",
        "sets/x.md",
    ):
        (tmp_path / name).write_text("{}")
    assert words(completion.run_folders("")) == ["reports/notes/", "reports/one", "reports/two"]
    assert words(completion.run_folders("reports/t")) == ["reports/two"]
    assert words(completion.sample_sets("sets/")) == ["sets/mine", "sets/rows.csv"]
    assert words(completion.sample_sets("se")) == ["sets/"]
    assert completion.run_folders("no/such/folder/") == []
