"""Comparisons of runs: several recognizers in one command, paired differences, and the notebook."""

import json

import nbformat
import pytest

from tests.support.command_line import voicelab
from tests.support.compared_runs import ALIKE, SAID, WORSE, hears, written
from voicelab.analysis.compare import compare
from voicelab.analysis.compare.comparison import TESTS
from voicelab.errors import InputError
from voicelab.runs.notebook import execute
from voicelab.runs.records import RunFolder

RIGHT, WRONG = "fake:text=what is the price of apple", "fake:text=news about tesla"


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two recognizers, in one command."""
    out = tmp_path_factory.mktemp("reports")
    done = voicelab("evaluate", "--asr", RIGHT, "--asr", WRONG, "--tts", "fake", "--in-process", "--limit", 8,
                    "--out", out, "--run-id", "both")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "voicelab compare" in done.output
    folders = [out / "both-1", out / "both-2"]
    assert [RunFolder(folder).read().spec.asr for folder in folders] == [RIGHT, WRONG]
    return folders


def test_each_recognizer_hears_the_same_samples(runs):
    comparison = compare(runs)
    words = comparison.words()
    assert list(words["run"]) == ["both-1", "both-2"]
    assert list(words["scored"]) == [8, 8]
    for row in words.itertuples():
        assert row.low <= row.WER <= row.high
    pairs = comparison.pairs().set_index("figure")
    assert pairs.loc["wer", "difference"] == pytest.approx(words["WER"][1] - words["WER"][0])
    assert list(pairs.index)[:4] == ["wer", "entity_recall", "entity_recall_linked", "intent_accuracy"]
    assert set(pairs["samples"]) == {8, 7}, "times without the first, cold turn"
    assert "turn_s.p95" not in pairs.index, "7 turns are too few"
    assert len(comparison.disagreements()) == 8
    assert list(comparison.disagreements()["both-1"]) == ["what is the price of apple"] * 8
    assert list(comparison.speed()["n"]) == [7, 7], "without the first, cold turn"


def test_the_command_prints_them_and_the_notebook_holds_sound(runs, tmp_path):
    shown = voicelab("compare", *runs, "--out", tmp_path / "side by side")
    assert shown.exit_code == 0, shown.output
    assert "8 of 8 samples have different transcripts." in shown.output
    cells = nbformat.read(tmp_path / "side by side" / "compare.ipynb", 4).cells
    page = json.dumps([cell.get("outputs", []) for cell in cells])
    assert page.count("<audio") == 8
    assert "image/png" in page
    assert "both-2" in page


def test_what_cannot_be_compared_is_refused(runs, tmp_path):
    with pytest.raises(InputError, match="two or more runs"):
        compare(runs[:1])
    with pytest.raises(InputError, match="named twice"):
        compare([runs[0], runs[0]])
    other = voicelab("evaluate", "--asr", RIGHT, "--tts", "fake", "--in-process", "--limit", 3, "--out", tmp_path,
                     "--run-id", "r")  # fmt: skip
    assert other.exit_code == 0
    with pytest.raises(InputError, match="have different samples"):
        compare([runs[0], tmp_path / "r"])
    with pytest.raises(InputError, match="unknown parameter 'run'"):
        execute("compare", tmp_path / "n", {"run": []})


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--asr", "fake", "--asr", "nope"], "unknown asr engine 'nope'"),
        (["--asr", "fake", "--asr", "fake", "--url", "http://127.0.0.1:9"], "give at most one --asr"),
    ],
)
def test_nothing_runs_when_one_of_several_cannot(tmp_path, arguments, complaint):
    done = voicelab("evaluate", *arguments, "--out", tmp_path)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def three(tmp_path):
    heard = {"right": SAID, "alike": ALIKE, "worse": WORSE}
    return [
        written(tmp_path / name, hears(SAID, texts, run_id=name, turn_s=0.5 + 0.1 * number, speakers="abcd"))
        for number, (name, texts) in enumerate(heard.items())
    ]


def test_each_pair_has_its_differences_tests_and_flips(three):
    found = compare(three)
    pairs = found.pairs().set_index(["first", "second", "figure"])
    # Six words are wrong in ALIKE and sixteen in WORSE, of 168.
    assert pairs.loc[("right", "alike", "wer"), "difference"] == pytest.approx(6 / 168)
    assert pairs.loc[("alike", "worse", "wer"), "relative"] == pytest.approx(16 / 6 - 1)
    assert pairs.loc[("right", "worse", "turn_s.p50"), "difference"] == pytest.approx(0.2)
    tests = found.tests().set_index(["first", "second"])
    assert list(tests.loc[("right", "worse"), ["segments", "only first right", "only second right"]]) == [8, 8, 0]
    assert tests.loc[("right", "worse"), "McNemar p"] == pytest.approx(2 / 2**8)
    assert tests.loc[("right", "worse"), "McNemar Holm"] == pytest.approx(6 / 2**8), "the least of three"
    assert tests.loc[("right", "worse"), "ranked"] == "4 speakers that differ"
    signs = tests.loc[("right", "worse"), ["lower in first", "lower in second", "equal", "Sign p"]]
    assert list(signs) == [4, 0, 0, pytest.approx(2 / 2**4)]
    wer = pairs.loc[("right", "worse", "wer")]
    assert tests.loc[("right", "worse"), "t p"] is None, "a bound is no test"
    assert wer["note"] == "only a bound: 4 speakers are too few"
    flips = found.flipped()
    one = flips[(flips["right in"] == "right") & (flips["wrong in"] == "worse")]
    assert list(one["sample"]) == [f"s{number}" for number in range(0, 24, 3)]
    assert one["heard wrong"].iloc[0] == WORSE[0]


def test_the_order_of_runs_only_turns_the_signs(three):
    there, back = compare(three[1:]), compare(three[:0:-1])
    key = ["figure"]
    one, other = there.pairs().set_index(key), back.pairs().set_index(key)
    assert list(one["difference"]) == pytest.approx(list(-other["difference"]))
    assert list(one["low"]) == pytest.approx(list(-other["high"]), nan_ok=True)
    assert there.tests()["Z"][0] == pytest.approx(-back.tests()["Z"][0])
    for name in TESTS:
        assert there.tests()[f"{name} p"][0] == pytest.approx(back.tests()[f"{name} p"][0])


def test_the_order_of_samples_changes_nothing(tmp_path, three):
    run, turns = hears(SAID, WORSE, run_id="worse", turn_s=0.7, speakers="abcd")
    turned = written(tmp_path / "turned", (run, turns[::-1]))
    for table in ("words", "pairs", "tests"):
        one, other = (getattr(compare([three[1], path]), table)() for path in (three[2], turned))
        assert one.equals(other)


def test_two_runs_that_heard_alike_do_not_differ(tmp_path):
    twins = [written(tmp_path / name, hears(SAID, ALIKE, run_id=name)) for name in ("one", "two")]
    found = compare(twins)
    assert set(found.pairs()["difference"]) == {0.0}
    # 24 turns have a p95 and no interval of it: an interval's missing method stopped the table.
    assert "no interval: 24 turns, too few for an interval: transcript_s.p95" in voicelab("compare", *twins).output
    tests = found.tests()
    assert list(tests.loc[0, [f"{test} p" for test in TESTS]]) == [1.0] * 5
    assert found.flipped().empty


def test_what_broke_in_one_run_is_in_no_pair_and_counted(tmp_path, three):
    broken = written(tmp_path / "broken", hears(SAID, [None, *WORSE[1:]], run_id="broken"))
    found = compare([three[0], broken])
    assert list(found.words()["not scored"]) == [0, 1]
    assert found.pairs().set_index("figure").loc["wer", "samples"] == 23


def test_p_is_never_shown_as_0(tmp_path):
    said = [f"how is {word} today" for word in "apple tesla ford intel".split()] * 20
    wrong = [
        text.replace("how", "now").replace("today", "") if n % 2 else text.replace("how", "now")
        for n, text in enumerate(said)
    ]
    paths = [written(tmp_path / name, hears(said, heard, run_id=name)) for name, heard in (("a", said), ("b", wrong))]
    shown = voicelab("compare", *paths)
    assert shown.exit_code == 0, shown.output
    assert "< 0.0001" in shown.output
    assert " 0.0000" not in shown.output.split("the same number of word errors?")[1]
    found = json.loads(voicelab("compare", *paths, "--json").stdout)
    assert all(found["tests"][0][f"{test} p"] > 0 for test in TESTS)
    assert len(found["flipped"]) == 80
    assert found["normalizer"]["name"] == "english"


def test_other_references_recordings_and_normalizers_are_refused(tmp_path, three):
    other = written(tmp_path / "text", hears([*SAID[:-1], "please tell me"], WORSE, run_id="text"))
    with pytest.raises(InputError, match="different references for 1 sample, such as s23: 'please tell me the price"):
        compare([three[0], other])
    sound = written(tmp_path / "sound", hears(SAID, WORSE, run_id="sound", sha="1" * 64))
    with pytest.raises(InputError, match="the recordings or what is expected"):
        compare([three[0], sound])
    basic = written(tmp_path / "basic", hears(SAID, WORSE, run_id="basic", normalizer="basic"))
    with pytest.raises(
        InputError, match=r"right was scored under english, basic under basic; choose one .*--normalizer"
    ):
        compare([three[0], basic])
    assert compare([three[0], basic], rules="basic").rules.name == "basic"
    with pytest.raises(InputError, match="unknown weights"):
        compare(three, weights="heavy")


def test_a_word_map_replaces_the_runs_own(runs, tmp_path):
    (tmp_path / "map.txt").write_text("what is the price of apple => news about tesla\n")
    shown = voicelab("compare", *runs, "--word-map", tmp_path / "map.txt", "--json")
    assert shown.exit_code == 0, shown.output
    found = json.loads(shown.output)
    assert len(found["normalizer"]["word_map_sha256"]) == 64
    first, second = (row["WER"] for row in found["words"])
    assert first == second
    plain = json.loads(voicelab("compare", *runs, "--normalizer", "english", "--json").output)
    assert "word_map_sha256" not in plain["normalizer"]
