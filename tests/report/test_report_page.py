"""The page is one offline file, shows everything, and escapes all text."""

import base64
import json
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser

import pandas as pd
import pytest

from tests.support.made_runs import SCENARIO, VARIED, answered, failed, in_scenario, made_run, summarize_turns
from tests.support.report_pictures import with_pictures, without_pictures
from tests.support.sample_sets import samples_folder
from voicelab.agent.base import ToolCall
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.metrics.tool_calls import Call
from voicelab.paths import PROJECT
from voicelab.report import page, plots, tables
from voicelab.report.theme import DARK, LIGHT
from voicelab.report.views import view_turns
from voicelab.runs import runner
from voicelab.runs.records import RunFolder, RunSpec
from voicelab.runs.turn_content import TurnFailure
from voicelab.scoring.summary import scores_of
from voicelab.scoring.summary_file import read

HOSTILE = "<script>alert(1)</script> & \"quoted\" 'single' </td>"


class Page(HTMLParser):
    """All elements with their attributes, and all text except styles and scripts."""

    def __init__(self, text):
        super().__init__()
        self.elements = []
        self.words = []
        self._inside = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        self._inside.append(tag)

    def handle_endtag(self, tag):
        if tag in self._inside:
            while self._inside.pop() != tag:
                pass

    def handle_data(self, data):
        if not self._inside or self._inside[-1] not in ("style", "script"):
            self.words.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A run of fake engines over six of the shipped samples, with its report."""
    samples = tmp_path_factory.mktemp("samples") / "set"
    shutil.copytree(samples_folder(), samples, ignore=shutil.ignore_patterns("*.py"))
    spec = RunSpec(samples=str(samples), asr="fake", agent="rules", tts="fake", target="in-process", limit=6)
    found, _ = runner.evaluate(spec, tmp_path_factory.mktemp("reports"), run_id="six")
    with with_pictures():
        page.write(found)
    return found


@pytest.fixture(scope="module")
def shown(folder):
    return Page((folder.path / "report.html").read_text())


def page_of(folder, *, drawn=False):
    """The page of a run, with plots only if they are tested, because they take most of the time."""
    with with_pictures() if drawn else without_pictures():
        return Page(page.write(folder).read_text())


def written(tmp_path, turns, *, drawn=False, **changes):
    """The page of a synthetic run without samples."""
    folder = RunFolder(tmp_path / "made")
    folder.create()
    folder.write(made_run(**changes))
    for turn in turns:
        folder.append(turn)
    return page_of(folder, drawn=drawn)


def test_a_report_is_a_summary_a_table_and_a_page(folder):
    assert read(folder.path / "summary.json").turns.primary == 6
    frame = pd.read_parquet(folder.path / "turns.parquet")
    assert list(frame["key"]) == [turn.key for turn in folder.turns()]
    assert json.loads(frame["expected_entities"][0]) == list(folder.turns()[0].expected_entities)
    assert frame["errors"].sum() == sum(score.errors for score in scores_of(folder.read(), folder.turns()))
    assert (folder.path / "report.html").stat().st_size < 3_000_000


def test_nothing_comes_from_outside(shown):
    for tag, attributes in shown.elements:
        assert tag not in ("link", "iframe", "object", "base"), tag
        for name in ("src", "href", "srcset", "action", "data", "poster"):
            value = attributes.get(name) or ""
            assert not value or value.startswith(("data:", "#")), f"<{tag} {name}={value[:60]}>"
    policy = next(meta["content"] for meta in shown.all("meta") if "http-equiv" in meta)
    assert policy.startswith("default-src 'none'")


def test_the_example_of_the_documents_runs(folder, tmp_path, monkeypatch, capsys):
    text = (PROJECT / "docs/how-to/notebooks.md").read_text()
    (block,) = re.findall(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shutil.copytree(folder.path, tmp_path / "reports" / "my-run")
    monkeypatch.chdir(tmp_path)
    exec(block, {})
    assert capsys.readouterr().out.startswith("word error rate ")
    assert (tmp_path / "wer.png").read_bytes().startswith(b"\x89PNG")


def test_the_figures_by_voice_are_read_as_the_documents_say(folder, tmp_path, monkeypatch):
    text = (PROJECT / "docs/reference/samples.md").read_text()
    (block,) = re.findall(r"^```py\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    shutil.copytree(folder.path, tmp_path / "reports" / "RUN")
    monkeypatch.chdir(tmp_path)
    *shown, last = block.strip().splitlines()
    names = {}
    exec("\n".join(shown), names)
    by_voice = eval(last, names)
    assert len(by_voice) == len(names["run"].summary.details.by["speaker"]) + 1
    assert by_voice["turns"].iloc[:-1].sum() == by_voice["turns"].iloc[-1] > 0


def test_requests_and_replies_are_inside(folder, shown):
    sounds = shown.all("audio")
    assert all(sound["preload"] == "none" for sound in sounds)
    carried = {base64.b64decode(sound["src"].partition(",")[2]) for sound in sounds}
    samples = {sample.id: sample for sample in load(folder.read().spec.samples).samples}
    for turn in folder.turns():
        assert (folder.path / turn.reply_file).read_bytes() in carried
        assert samples[turn.sample_id].audio_bytes() in carried
    assert all(sound["src"].startswith("data:audio/ogg;base64,") for sound in sounds)


def test_each_figure_is_drawn_for_light_and_for_dark(shown):
    pictures = [image["src"] for image in shown.all("img")] + [source["srcset"] for source in shown.all("source")]
    drawn = [base64.b64decode(one.removeprefix("data:image/svg+xml;base64,")) for one in pictures]
    assert len(drawn) == 14
    assert all(b"<svg" in one for one in drawn)
    assert all(image["alt"] for image in shown.all("img"))


def test_nothing_heavy_loads_before_it_is_used():
    program = "import sys, voicelab.report.cells; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    assert not set(loaded) & {"pandas", "matplotlib", "jinja2", "IPython", "papermill", "jiwer"}


def test_a_set_that_moved_or_changed_is_said_to_be_gone(folder, tmp_path):
    moved = folder.read()
    copy = RunFolder(tmp_path / "copy")
    shutil.copytree(folder.path, copy.path)
    copy.write(moved.model_copy(update={"spec": moved.spec.model_copy(update={"samples": "elsewhere"})}))
    assert "not available: the sample set has moved or changed" in page_of(copy).text
    (copy.path / folder.turns()[0].reply_file).unlink()
    copy.write(moved.model_copy(update={"samples_sha256": "0" * 64}))
    text = page_of(copy).text
    assert "not available: the sample set has moved or changed" in text
    assert f"not available: {folder.turns()[0].reply_file} is not in the run's folder" in text


def test_sound_over_the_limit_is_left_out(folder):
    run, turns = folder.read(), folder.turns()
    scores = scores_of(run, turns)
    first = view_turns(folder, scores, load(run.spec.samples), limit_bytes=0)[0]
    assert first.request.uri is None
    assert first.reply.note == f"left out to keep this page small: {turns[0].reply_file}"
    whole = view_turns(folder, scores, load(run.spec.samples))
    assert all(view.request.uri and view.reply.uri for view in whole)


def test_texts_are_never_markup(tmp_path):
    turn = answered(
        "a", text=HOSTILE, heard=HOSTILE, answer=HOSTILE, category=HOSTILE, speaker=HOSTILE,
        expected_entities=(HOSTILE,), intent=HOSTILE, expected_intent=HOSTILE,
    )  # fmt: skip
    broken = failed("b").model_copy(update={"failure": TurnFailure(code="engine_failed", message=HOSTILE)})
    shown = written(tmp_path, [turn, broken], drawn=True, failure=HOSTILE, status="failed", packages={HOSTILE: HOSTILE})
    assert len(shown.all("script")) == 1
    assert shown.text.count("<script>alert(1)</script> &") > 5
    assert HOSTILE in [option["value"] for option in shown.all("option")]


def test_mathtext_in_a_name_is_shown_as_it_is(tmp_path):
    """Regression: a category or speaker with two dollar signs was parsed as a formula, and the report failed."""
    turn = answered("a", category="from $1 to $2", speaker="$\\bad$", intent="a $ b $", expected_intent="a $ b $")
    assert "from $1 to $2" in written(tmp_path, [turn], drawn=True).text


def test_failed_turns_stand_with_their_reason(tmp_path):
    shown = written(tmp_path, [*VARIED, failed("x", code="engine_failed")])
    assert "1 of 4 turns failed" in shown.text
    assert "engine_failed happened" in shown.text
    assert [row["data-failed"] for row in shown.all("tr") if "data-failed" in row] == ["0"] * 4 + ["1"]


def test_scenarios_are_counted_by_speaker(tmp_path):
    lost = failed("s/2", scenario_id="s", turn_number=2, primary=False, speaker="cora")
    assert "Scenarios by speaker" in written(tmp_path, [in_scenario(1, speaker="cora"), lost]).text
    assert "Scenarios by speaker" not in written(tmp_path / "none", [answered("a", speaker="cora")]).text


def test_a_single_turn_is_counted_in_the_singular(tmp_path):
    assert "Not scored: 1 turn." in written(tmp_path, [answered("a"), failed("x")]).text


def test_latency_is_shown_by_speaker(tmp_path):
    assert "Latency by speaker" in written(tmp_path, [answered("a", speaker="cora")]).text
    assert "Latency by speaker" not in written(tmp_path / "none", [answered("a")]).text


def test_tool_calls_stand_beside_the_expected_ones(tmp_path):
    made = ToolCall(name="quote", arguments={"company": HOSTILE}, result=HOSTILE, took_s=0.25, error="no network")
    wanted = (
        Call(name="news", arguments={"company": "Apple"}),
        Call(name="compare", arguments={"companies": ["<b>", "Ford"]}),
    )
    turns = [
        answered("a", tool_calls=(made,), expected_tool_calls=wanted),
        answered("b", tool_calls=(), expected_tool_calls=()),
    ]
    shown = written(tmp_path, turns, engines=())
    assert f"quote (company: {HOSTILE}) 0.25 s, no network" in shown.text
    assert "✗ expected: news(company: Apple), compare(companies: [<b>, Ford])" in shown.text
    assert "✓ expected: no tool call" in shown.text


def test_a_run_that_was_stopped_has_a_page_too(tmp_path):
    shown = written(tmp_path, [], status="running", finished_at=None)
    assert "This run is not finished (running)." in shown.text
    assert "4 of 4 turns were not run" in shown.text


def test_alignments_tell_errors_by_more_than_colour(tmp_path):
    misheard = answered("a", text="look at Ford", heard="look add Ford please")
    shown = written(tmp_path, [misheard, answered("b", heard="")])
    titles = {attributes.get("title", "") for attributes in shown.all("span")}
    assert "substitution: “at” was heard as “add”" in titles
    assert "insertion: “please” was not said" in titles
    assert "deletion: “apple” was not heard" in titles
    assert {"S", "D", "I"} <= set(shown.words)


def test_headers_to_sort_by_are_buttons(shown):
    sortable = [attributes for attributes in shown.all("th") if "aria-sort" in attributes]
    buttons = [attributes for attributes in shown.all("button") if attributes.get("type") == "button"]
    assert len(buttons) == len(sortable) == 8


def test_the_page_says_what_made_it(folder, shown):
    run = folder.read()
    for fact in (
        run.samples_sha256,
        "english, version 4",
        "rules",
        "threshold=0.8",
        run.packages["numpy"],
        "libopus",
        run.packages["libopus"],
        "in-process",
    ):
        assert fact in shown.text
    assert f"{run.started_at:%Y-%m-%d %H:%M}" in shown.text


def test_a_folder_without_a_run_is_refused(tmp_path):
    with pytest.raises(InputError, match="give the folder of a run"):
        page.write(RunFolder(tmp_path))


@pytest.mark.parametrize("turns", [[], VARIED, [failed("x")], [in_scenario(1), in_scenario(2)]], ids=lambda t: len(t))
@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
def test_every_figure_draws_whatever_there_is_and_names_its_run(turns, theme):
    summary = summarize_turns(made_run(), turns, {"AAPL": ("Apple",)}, [SCENARIO])
    figures = [
        plots.wer_by(summary, "category", theme),
        plots.wer_by(summary, "speaker", theme),
        plots.entity_recall(summary, theme),
        plots.intent_confusion(summary, theme),
        plots.latency(summary, theme),
        plots.waterfall(summary, theme),
        plots.linker(summary, theme),
    ]
    for figure in figures:
        assert "run made · burst · normalizer english 4" in [
            text.get_text() for text in figure.findobj(match=_has_text)
        ]
        assert plots.svg(figure).startswith(b"<?xml")


def _has_text(artist):
    return hasattr(artist, "get_text")


def test_the_same_figure_is_the_same_file():
    summary = summarize_turns(made_run(), VARIED, {"AAPL": ("Apple",)}, ())
    assert plots.svg(plots.latency(summary)) == plots.svg(plots.latency(summary))


def test_the_waterfalls_bars_reach_the_whole_turn():
    summary = summarize_turns(made_run(), VARIED, {"AAPL": ("Apple",)}, ())
    (axes,) = plots.waterfall(summary).axes
    *parts, whole = axes.patches
    assert parts[-1].get_x() + parts[-1].get_width() == pytest.approx(whole.get_width())


def test_tables_of_nothing_are_empty_and_of_the_same_columns():
    nothing, something = summarize_turns(made_run(), [], {}, ()), summarize_turns(made_run(), VARIED, {}, ())
    for table in (tables.entities, tables.latency, tables.scenarios, tables.thresholds, tables.headlines):
        assert list(table(nothing).columns) == list(table(something).columns)
    assert list(tables.turns_frame([]).dtypes) == list(tables.turns_frame(scores_of(made_run(), VARIED, {})).dtypes)
    assert list(tables.words_by(nothing, "speaker").index) == ["all"]


def test_the_headline_is_short_and_sure():
    lines = {line.name: line for line in tables.headline(summarize_turns(made_run(), VARIED, {"AAPL": ("Apple",)}, ()))}
    wer = lines["word error rate (WER)"]
    assert re.fullmatch(r"0\.\d{3}", wer.value)
    assert re.fullmatch(
        r"\[\d\.\d{3}, \d\.\d{3}\], \d+ errors in \d+ words, only a bound: 3 speakers are too few", wer.note
    )
    assert lines["turns answered"][1:] == ("4 of 4", "none failed")
    empty = tables.headline(summarize_turns(made_run(), [], {}, ()))
    assert [line.value for line in empty if line.name != "turns answered"] == ["–"] * 12


def test_the_worst_come_first_and_the_faultless_not_at_all():
    turns = [answered("fine"), answered("bad", heard="is the price"), answered("worse", heard="no"), failed("broken")]
    worst = tables.worst_scores(scores_of(made_run(), turns, {}))
    assert [score.turn.key for score in worst] == ["broken", "worse", "bad"]
