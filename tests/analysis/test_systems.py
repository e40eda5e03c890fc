"""Several systems' transcripts without a run: intervals, tests, rows of utterances, alignments and the page."""

import csv
import json
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.command_line import voicelab
from voicelab.analysis.score_transcripts import score
from voicelab.analysis.systems import compare_systems, rates_with_intervals
from voicelab.cli.alignments import alignment_lines
from voicelab.datasets.transcripts.base import UtterancePair
from voicelab.metrics.mapsswe import segments
from voicelab.metrics.significance import holm
from voicelab.metrics.weights import MINIMAL
from voicelab.metrics.words import AlignmentStep, align_words
from voicelab.text import normalizer

WORDS = st.lists(st.sampled_from("a b c".split()), max_size=8)
SPEAKERS = ["ann", "ben", "cat", "dan", "eve", "flo"]


def scored(hypotheses: list[str], reference: str = "one two three four", speakers: int = 6):
    pairs = [
        UtterancePair(f"u{place}", SPEAKERS[place % speakers], reference, text) for place, text in enumerate(hypotheses)
    ]
    return score(pairs, normalizer("none"), MINIMAL, alternatives=False)


def run(tmp_path, *options, **files):
    for name, lines in files.items():
        (tmp_path / f"{name}.trn").write_text("".join(f"{text} ({key})\n" for key, text in lines.items()))
    names = [str(tmp_path / f"{name}.trn") for name in files]
    return voicelab("score", *names, *options)


REFERENCE = {f"{speaker}_{take}": "the { big / large } price rose" for speaker in SPEAKERS for take in (1, 2)}
GOOD = dict.fromkeys(REFERENCE, "the big price rose") | {"ann_1": "the big prize rose"}
BAD = dict.fromkeys(REFERENCE, "a large price") | {"ben_2": "the large price rose up"}


def test_a_rate_has_an_interval_by_speaker_that_holds_it():
    rates = rates_with_intervals(scored(["one two three"] * 5 + ["one two three four"] * 13))
    assert rates.total.wer == pytest.approx(5 / 72)
    assert rates.total.unit == "speaker"
    assert rates.total.interval.clusters == 6
    assert rates.total.interval.low < 5 / 72 < rates.total.interval.high
    assert set(rates.speakers) == set(SPEAKERS)
    assert all(rate.unit == "utterance" for rate in rates.speakers.values())


def test_without_named_speakers_utterances_are_the_unit():
    assert (
        rates_with_intervals(scored(["one two", "one two three four", "one"] * 4, speakers=1)).total.unit == "utterance"
    )


def test_what_cannot_be_known_has_a_reason():
    found = rates_with_intervals(scored(["one two three"])).total
    assert found.interval is None
    assert "fewer than two utterances" in found.note


def test_equal_systems_do_not_differ_and_the_order_turns_the_difference_round():
    one, other = scored(["one two three four"] * 18), scored(["one too three"] * 9 + ["one two three four"] * 9)
    (same,) = compare_systems({"x": one, "y": one})
    assert same.difference.difference == 0.0
    assert all(test.p_value == 1.0 for test in same.tests if test.p_value is not None)
    (there,), (back,) = compare_systems({"x": one, "y": other}), compare_systems({"y": other, "x": one})
    assert there.difference.difference == -back.difference.difference > 0
    assert [test.p_value for test in there.tests] == pytest.approx([test.p_value for test in back.tests])
    assert [test.name for test in there.tests] == ["t", "Sign", "Wilcoxon", "MAPSSWE", "McNemar"]


def test_p_values_are_adjusted_over_all_pairs_of_systems():
    systems = {
        "x": scored(["one two three four"] * 18),
        "y": scored(["one two three"] * 12 + ["one two three four"] * 6),
        "z": scored(["one"] * 18),
    }
    found = compare_systems(systems)
    assert [(pair.first, pair.second) for pair in found] == [("x", "y"), ("x", "z"), ("y", "z")]
    for tests in zip(*(pair.tests for pair in found), strict=True):
        assert [test.holm for test in tests] == holm([test.p_value for test in tests])


def test_only_utterances_that_both_systems_have_are_compared():
    one, other = scored(["one two three four"] * 8), scored(["one two"] * 5)
    (found,) = compare_systems({"x": one, "y": other})
    assert found.difference.samples == 5


@given(WORDS, WORDS, WORDS, WORDS)
def test_segments_of_two_wordings_hold_every_error(mine, other, one, two):
    first, second = align_words(mine, one), align_words(other, two)
    found = segments(first, second, wordings=True)
    assert sum(errors for errors, _ in found) == sum(step.operation != "equal" for step in first)
    assert sum(errors for _, errors in found) == sum(step.operation != "equal" for step in second)
    assert all(any(errors) for errors in found)


def test_several_systems_on_the_command_line(tmp_path):
    done = run(tmp_path, "--align", 1, r=REFERENCE, good=GOOD, bad=BAD)
    assert done.exit_code == 0, done.output
    text = " ".join(done.output.split())
    assert "WER 2.08 % [" in text
    assert "95 % interval by speaker (6)" in text
    assert "McNemar" in text
    assert "WER difference +" in text
    assert "p (Holm)" not in text
    assert re.search(r"REF: +the big price rose", text)
    assert re.search(r"HYP: +the big prize rose +S", text)


def test_the_json_has_utterances_and_comparisons(tmp_path):
    document = json.loads(run(tmp_path, "--json", r=REFERENCE, good=GOOD, bad=BAD, none=GOOD).output)
    assert len(document["comparisons"]) == 3
    assert all(test["p_holm"] >= test["p"] for pair in document["comparisons"] for test in pair["tests"] if test["p"])
    good, bad, _ = document["results"]
    assert good["total"]["wer_interval"]["unit"] == "speaker"
    assert len(good["utterances"]) == len(REFERENCE)
    for one in (good, bad):
        assert sum(row["errors"] for row in one["utterances"]) == one["total"]["errors"]
        for row in one["utterances"]:
            assert sum(kind != "equal" for kind, _, _ in row["alignment"]) == row["errors"]
    rose = next(row for row in bad["utterances"] if row["id"] == "ben_2")
    assert ["equal", "large", "large"] in rose["alignment"]
    assert ["insert", None, "up"] in rose["alignment"]


def test_rows_of_utterances_as_csv_and_as_json_lines(tmp_path):
    assert run(tmp_path, "--utterances", tmp_path / "u.csv", r=REFERENCE, good=GOOD, bad=BAD).exit_code == 0
    assert run(tmp_path, "--utterances", tmp_path / "u.jsonl", r=REFERENCE, good=GOOD, bad=BAD).exit_code == 0
    with (tmp_path / "u.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    lines = [json.loads(line) for line in (tmp_path / "u.jsonl").read_text().splitlines()]
    assert len(rows) == len(lines) == 2 * len(REFERENCE)
    for row, line in zip(rows, lines, strict=True):
        assert (row["id"], int(row["errors"]), float(row["wer"])) == (line["id"], line["errors"], line["wer"])
        assert [word for word in row["ref"].split() if word != "***"] == [
            word for _, word, _ in line["alignment"] if word
        ]


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--utterances", "rows.txt"], "use a name that ends in .csv or .jsonl"),
        (["--utterances", "no/where/rows.csv"], "cannot be written"),
        (["--html", "no/where/page.html"], "cannot be written"),
        (["--normalizer", "all", "--align", "3"], "need one --normalizer"),
        (["--weights", "1:2"], "unknown weights '1:2'"),
    ],
)
def test_bad_options_are_one_sentence(tmp_path, options, complaint):
    done = run(tmp_path, *options, r=REFERENCE, good=GOOD)
    assert done.exit_code == 2
    assert complaint in " ".join(done.output.split())


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.links, self.ids, self.text = [], [], set(), []

    def handle_starttag(self, tag, attrs):
        found = dict(attrs)
        self.ids |= {found["id"]} if "id" in found else set()
        self.links += [value for name, value in attrs if name in ("href", "src")]
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_stands_alone(tmp_path):
    evil = {key: text.replace("price", "<script>") for key, text in BAD.items()}
    path = tmp_path / "page.html"
    assert run(tmp_path, "--html", path, r=REFERENCE, good=GOOD, bad=evil).exit_code == 0
    page = _Page()
    page.feed(path.read_text())
    assert page.open == []
    assert page.links
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    text = " ".join(" ".join(page.text).split())
    assert "MAPSSWE" in text
    assert "prize" in text
    assert "<script>" in text  # as text, not as a tag


def test_alignments_fit_the_width():
    steps = [
        AlignmentStep("equal", "word", "word"),
        AlignmentStep("delete", "gone", None),
        AlignmentStep("insert", None, "more"),
    ] * 9
    lines = [line.plain for line in alignment_lines(steps, 40)]
    assert max(map(len, lines)) <= 40
    assert sum(line.count("gone") for line in lines) == 9
    assert sum(line.split().count("D") for line in lines) == 9
