"""Completion lists engines with their options, sets and runs, and never fails."""

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from voicelab.cli import completion
from voicelab.cli.main import app


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


def completed(line, monkeypatch, **environment):
    """The output of `voicelab` when bash requests completions for the last word of a command line."""
    monkeypatch.setenv("_VOICELAB_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    done = CliRunner().invoke(app, prog_name="voicelab")
    assert done.exit_code == 0, done.output
    return done.output.split()


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("voicelab ev", "evaluate"),
        ("voicelab evaluate --asr pocket", "pocketsphinx"),
        ("voicelab evaluate --agent rules:thr", "rules:threshold="),
        ("voicelab evaluate --target wyo", "wyoming"),
        ("voicelab evaluate --resume reports/o", "reports/one"),
        ("voicelab sweep --samples sets/r", "sets/rows.csv"),
        ("voicelab sweep --tts esp", "espeak"),
        ("voicelab sweep --breakpoint entity_rec", "entity_recall="),
        ("voicelab gate reports/one --max first_audio_s.p95", "first_audio_s.p95="),
        ("voicelab gate reports/one --no-worse wer", "wer"),
        ("voicelab power --figure intent", "intent_accuracy"),
        ("voicelab compare reports/one reports/t", "reports/two"),
        ("voicelab cross --asr pocket", "pocketsphinx"),
        ("voicelab audit --samples sets/r", "sets/rows.csv"),
        ("voicelab correct sets/r", "sets/rows.csv"),
        ("voicelab report reports/o", "reports/one"),
        ("voicelab probe rtv", "rtvi"),
        ("voicelab bench tts --tts esp", "espeak"),
    ],
)
def test_the_shell_completes_commands_engines_targets_figures_sets_and_runs(line, word, tmp_path, monkeypatch):
    for run in ("one", "two"):
        (tmp_path / "reports" / run).mkdir(parents=True)
        (tmp_path / "reports" / run / "run.json").write_text("{}")
    (tmp_path / "sets").mkdir()
    (tmp_path / "sets" / "rows.csv").write_text("")
    monkeypatch.chdir(tmp_path)
    assert word in completed(line, monkeypatch)


def test_every_option_and_argument_that_takes_an_engine_a_target_or_a_run_completes():
    complete = {"asr", "agent", "tts", "target", "resume", "baseline", "no_worse"}
    missing = [
        f"{name} {parameter.name}"
        for name, command in get_command(app).commands.items()
        for parameter in command.params
        if parameter.name in complete and parameter._custom_shell_complete is None
    ]
    assert not missing
