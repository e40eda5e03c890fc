"""Gates: passed, missed and without evidence, and their output for CI."""

from xml.etree import ElementTree

import pytest

from tests.support.command_line import voicelab
from tests.support.compared_runs import ALIKE, SAID, WORSE, hears, written
from tests.support.made_runs import summarize_turns
from voicelab.analysis.gate import Outcome, check, junit, limit
from voicelab.errors import InputError
from voicelab.figures.table import FIGURES, ratios
from voicelab.runs.records import RunFolder
from voicelab.scoring.scored_run import read_scored


def gate(*arguments):
    done = voicelab("gate", *arguments)
    return done.exit_code, " ".join(done.output.split())


@pytest.fixture
def run(tmp_path):
    """24 turns: 6 of 168 words wrong, each turn 0.5 s."""
    return written(tmp_path / "run", hears(SAID, ALIKE, run_id="run"))


@pytest.fixture
def worse(tmp_path):
    """The same turns: 24 of 168 words wrong, each turn 0.7 s."""
    heard = [text.replace("tell me the", "tell") if number % 2 else text for number, text in enumerate(SAID)]
    return written(tmp_path / "worse", hears(SAID, heard, run_id="worse", turn_s=0.7))


def unfinished(path):
    folder = RunFolder(path)
    folder.write(folder.read().model_copy(update={"status": "running"}))
    return path


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--max", "wer=0.05"], 0, "kept wer ≤ 0.05 0.03571 ["),
        (["--max", "wer=0.03"], 1, "MISSED wer ≤ 0.03"),
        (["--max", "wer=0.05", "--sure"], 1, "MISSED wer ≤ 0.05"),
        (["--max", "wer=0.2", "--sure"], 0, "3 of 3 gates passed"),
        (["--max", "turn_s.p95=0.6"], 0, "kept turn_s.p95 ≤ 0.6 0.5, n 24"),
        (["--max", "turn_s.p95=0.6", "--sure"], 1, "no evidence: 0.5 of 24 has no interval"),
        (["--max", "turn_s.p99=0.6"], 1, "no evidence: n too small: 24 of 100 turns"),
        (["--min", "scenario_success=0.5"], 1, "no evidence: nothing was scored"),
        (["--min", "intent_accuracy=0.9", "--max", "turn_s.max=1"], 0, "4 of 4 gates passed"),
    ],
)
def test_limits(run, options, code, said):
    found = gate(run, *options)
    assert found[0] == code
    assert said in found[1]


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (["--no-worse", "wer"], 1, "MISSED wer no worse than run 0.03571 to 0.1429, +0.1071 [+0.0"),
        (["--no-worse", "wer", "--margin", "0.1"], 0, "kept wer no worse than run by 0.1"),
        (["--no-worse", "wer", "--margin", "0.05", "--sure"], 1, "MISSED wer surely no worse"),
        (["--no-worse", "wer", "--margin", "0.5", "--sure"], 0, "kept wer surely no worse"),
        (
            ["--no-worse", "entity_recall", "--no-worse", "turn_s.p50"],
            1,
            "no evidence: 0.5 to 0.7, +0.2 has no interval over 24 samples: the values do not differ",
        ),
        (["--no-worse", "turn_s.p99"], 1, "no evidence: 24 samples with it in both runs"),
        (["--no-worse", "scenario_success"], 1, "no evidence"),
    ],
)
def test_a_baseline(run, worse, options, code, said):
    found = gate(worse, "--baseline", run, *options)
    assert found[0] == code
    assert said in found[1]
    assert gate(run, "--baseline", run.parent / "worse", *options[:2])[0] == int(
        "p99" in options[1] or "scen" in options[1]
    )


def test_two_runs_alike_are_surely_no_worse_by_a_margin_that_the_samples_can_show(tmp_path, run):
    """24 equal turns do not exclude a difference of up to 0.14."""
    twin = written(tmp_path / "twin", hears(SAID, ALIKE, run_id="twin"))
    options = ("--baseline", run, "--no-worse", "wer")
    assert gate(twin, *options)[0] == 0
    code, said = gate(twin, *options, "--sure")
    assert code == 1
    assert "MISSED wer surely no worse than run 0.03571 to 0.03571, +0 [-0.1425, +0.1425], 24 samples" in said
    assert gate(twin, *options, "--sure", "--margin", "0.15")[0] == 0


def test_few_speakers_are_said_and_keep_no_sure_gate(tmp_path):
    few = written(tmp_path / "few", hears(SAID, SAID, run_id="few", speakers="ab"))
    code, said = gate(few, "--max", "wer=0.2")
    assert code == 0
    assert "n 24; only a bound: 2 speakers are too few" in said
    assert gate(few, "--max", "wer=0.2", "--sure")[0] == 1


def test_a_run_that_is_no_evidence_misses(tmp_path, run):
    broken = written(tmp_path / "broken", hears(SAID, [None, None, *ALIKE[2:]], run_id="broken"))
    assert gate(broken, "--max", "wer=1")[0] == 1
    assert "MISSED failed turns ≤ 0.05 2 of 24 failed: connection_lost" in gate(broken, "--max", "wer=1")[1]
    assert gate(broken, "--max", "wer=1", "--max-failed", "0.1")[0] == 0
    code, said = gate(unfinished(broken), "--baseline", run, "--no-worse", "wer", "--max-failed", "0.1")
    assert code == 1
    assert "MISSED finished running, 24 of 24 turns taken" in said
    assert "no evidence: the run is not finished" in said
    empty = read_scored(RunFolder(written(tmp_path / "empty", hears([], [], run_id="empty"))))
    assert [one.passed for one in check(empty, [limit("max", "wer=1")])] == [False, False, False]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--max", "werr=1"], "unknown figure 'werr'; known: wer, cer, mer, wil, sentence_error_rate,"),
        (["--max", "turn_s.p42=1"], "percentiles: p50, p90, p95, p99, max"),
        (["--max", "wer"], "write a figure and a number, as --max wer=0.25"),
        (["--max", "wer=nan"], "write a figure and a number"),
        ([], "no limit is given"),
        (["--no-worse", "wer"], "--baseline and --no-worse go together"),
        (["--max", "wer=1", "--baseline", "x"], "--baseline and --no-worse go together"),
        (["--max", "wer=1", "--junit", "no/such/folder.xml"], "--junit no/such/folder.xml: cannot be written"),
    ],
)
def test_bad_input_is_told(run, options, said):
    code, output = gate(run, *options)
    assert code == 2
    assert said in output


def test_another_set_as_the_baseline_is_refused(tmp_path, run):
    other = written(tmp_path / "other", hears(SAID[:5], SAID[:5], run_id="other"))
    code, said = gate(run, "--baseline", other, "--no-worse", "wer")
    assert code == 2
    assert "have different samples" in said


def test_junit_is_what_ci_reads(tmp_path, run):
    path = tmp_path / "gate.xml"
    assert gate(run, "--max", "wer=0.03", "--min", "intent_accuracy=0.9", "--junit", path)[0] == 1
    root = ElementTree.parse(path).getroot()
    suite = root.find("testsuite")
    assert (suite.get("tests"), suite.get("failures")) == ("4", "1")
    cases = {case.get("name"): case for case in suite.findall("testcase")}
    assert list(cases) == ["finished", "failed turns ≤ 0.05", "wer ≤ 0.03", "intent_accuracy ≥ 0.9"]
    assert [name for name, case in cases.items() if case.find("failure") is not None] == ["wer ≤ 0.03"]
    assert cases["wer ≤ 0.03"].find("failure").get("message").startswith("0.03571 [")


def test_junit_is_well_formed_whatever_a_run_is_called():
    name = "a<b>&\"'\x00\x0b\ud800\uffff]]>é"
    root = ElementTree.fromstring(junit(name, [Outcome(name, False, name), Outcome(name, True, name)]))
    assert [case.get("name") for case in root.iter("testcase")] == ["a<b>&\"']]>é"] * 2


def test_every_figure_is_found_in_a_summary_and_a_turn_adds_what_the_summary_sums():
    made = hears(SAID, WORSE)
    summary = summarize_turns(*made, {"AAPL": ("Apple",)}, ())
    from voicelab.scoring.summary import scores_of

    scores = scores_of(*made, {"AAPL": ("Apple",)})
    assert set(summary.figures) == set(FIGURES)
    for measured in summary.figures.values():
        assert (measured.value is None) == bool(measured.missing)
    for figure in ratios(FIGURES.values()):
        shares = [share for score in scores if (share := figure.share_of(score)) is not None]
        parts, wholes = map(sum, zip(*shares, strict=True)) if shares else (0, 0)
        expected = pytest.approx(parts / wholes) if wholes else None
        assert summary.figures[figure.name].value == expected, figure.name


def test_a_limit_is_read_as_written():
    one = limit("max", "first_audio_s.p95=1.5")
    assert (one.kind, one.figure.name, one.bound) == ("max", "first_audio_s.p95", 1.5)
    with pytest.raises(InputError):
        limit("min", "=3")
