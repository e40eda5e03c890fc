"""An audit ranks wrong labels first: by forced alignment with one system, by agreement with several."""

import json
import random
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.laws.audit_trial import CORRUPTIONS, precision_at_k, swap
from tests.support.command_line import voicelab
from tests.support.mislabelled import mislabelled, run_on
from tests.support.required import SEED
from tests.support.sample_sets import samples_folder
from voicelab.analysis.audit.acoustic import Question, misfits
from voicelab.analysis.audit.agreement import agreement, distance
from voicelab.analysis.audit.audit import audit_runs, audit_samples
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import load
from voicelab.errors import InputError
from voicelab.runs.records import RunFolder
from voicelab.text import normalizer

BASIC = normalizer("basic")
TEXTS = st.text("abc ", max_size=12)
SHORT = ["news_meta_today", "price_amd", "other_music", "price_crm"]


@given(TEXTS, TEXTS, TEXTS)
def test_distance_is_a_metric_in_0_to_1(one, other, third):
    there = distance(one, other, BASIC)
    assert 0 <= there <= 1
    assert there == distance(other, one, BASIC)
    assert (there == 0) == (BASIC.apply(one) == BASIC.apply(other))
    assert there <= distance(one, third, BASIC) + distance(third, other, BASIC) + 1e-12


@given(TEXTS, st.lists(TEXTS, min_size=2, max_size=4), st.randoms(use_true_random=False))
def test_agreement_knows_no_order_and_is_bounded(reference, heard, random):
    found = agreement(reference, heard, BASIC)
    random.shuffle(heard)
    again = agreement(reference, heard, BASIC)
    assert again.score == pytest.approx(found.score)
    assert -1 <= found.score <= 1


def test_agreement_tells_a_wrong_label_from_a_hard_recording():
    wrong_label = agreement("tell me the news", ["what is the price", "what is the price"], BASIC).score
    hard_recording = agreement("tell me the news", ["what is the price", "yellow knees oh"], BASIC).score
    all_right = agreement("tell me the news", ["tell me the news", "tell me the news"], BASIC).score
    assert wrong_label > 0.4
    assert wrong_label > hard_recording
    assert all_right == 0
    with pytest.raises(ValueError, match="two transcripts"):
        agreement("a", ["a"], BASIC)


def test_spoiled_labels_are_others_and_as_many_as_asked():
    texts = {sample.id: sample.text for sample in load(samples_folder()).samples}
    for spoil in CORRUPTIONS.values():
        for seed in range(20):
            spoiled = spoil(texts, 8, random.Random(seed))
            assert len(spoiled) == 8
            assert all(text != texts[one] for one, text in spoiled.items())
            assert spoil(texts, 8, random.Random(seed)) == spoiled
    assert precision_at_k({"a": 3.0, "b": 2.0, "c": 1.0}, ["a", "c"]) == 0.5


def test_swapped_labels_come_out_on_top(tmp_path):
    """Shipped recordings; two have swapped texts and one names another company."""
    whole = load(samples_folder())
    texts = {one: whole.sample(one).text for one in SHORT}
    swapped = swap(texts, 2, random.Random(0))
    texts |= swapped
    texts["watchlist_add_csco"] = whole.sample("watchlist_add_csco").text.replace("Cisco", "Boeing")
    assert "Boeing" in texts["watchlist_add_csco"]
    shown = voicelab("audit", "--samples", mislabelled(tmp_path, texts), "--json", "--fixes", tmp_path / "fixes.csv")
    assert shown.exit_code == 0, shown.output
    document = json.loads(shown.stdout)
    ranked = [one["sample_id"] for one in document["suspects"]]
    assert set(ranked[:2]) == set(swapped)
    assert ranked[2] == "watchlist_add_csco"
    assert document["suspects"][2]["because"]["worst_word"] in ("add", "boeing", "to")
    assert document["method"] == "alignment"
    assert "pocketsphinx" in document["aligner"]
    listed = (tmp_path / "fixes.csv").read_text().splitlines()
    assert listed[1].startswith(f"{ranked[0]},,{texts[ranked[0]]}")


@pytest.mark.skipif(not SEED.is_dir(), reason=f"the seed's recordings are not at {SEED}; set VOICELAB_SEED_SAMPLES")
def test_the_mislabelled_seed_recordings_come_out_on_top():
    found = audit_samples(load(SEED))
    ranked = [one.sample_id for one in found.suspects]
    assert {"news_aapl_latest", "analysis_nvda_deeper"} <= set(ranked[:3])
    assert {one.sample_id for one in found.suspects if one.score > 1} == set(ranked[:3])


def test_what_cannot_be_judged_is_told(tmp_path):
    """A text without a pronunciation gets no score; a text too long for its recording is a suspect."""
    clip = load(samples_folder()).sample("other_music").clip().at_rate(SPEECH_RATE_HZ)
    short = clip.between(0.2, 0.5)
    found = misfits([
        Question(clip, "播放音乐", "play some music"),
        Question(clip, "?!", "play some music"),
        Question(short, "this is far too much to be said within a third of a second", "pay"),
        Question(clip, "Play some JPMorgan for $5", "play some music"),
        Question(Clip.silence(1.0), "hello", ""),
    ])  # fmt: skip
    assert (found[0].gap_nats, found[0].problem) == (None, "no pronunciation for '播放音乐'")
    assert (found[1].gap_nats, found[1].problem) == (None, "the reference has no words")
    assert found[2].gap_nats == float("inf")
    assert found[3].guessed == ("JPMorgan", "$5")
    assert found[3].gap_nats > 1
    assert found[4].gap_nats > 0


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Two systems with equal transcripts of three recordings, whose labels are right, almost right and wrong."""
    folder = tmp_path_factory.mktemp("audit")
    texts = {
        "price_ko": "What is the price of Apple?",
        "price_amd": "Show me my watchlist",
        "price_msft": "The prize of Apple",
    }
    samples = mislabelled(folder, texts)
    return [
        run_on(samples, "what is the price of apple", folder / "r-1"),
        run_on(samples, "what's the price of apples", folder / "r-2"),
    ]


def test_systems_that_agree_against_the_label_accuse_it(runs):
    found = audit_runs(runs)
    assert [one.sample_id for one in found.suspects] == ["price_amd", "price_msft", "price_ko"]
    assert found.suspects[0].score > 0.4 > found.suspects[1].score > 0.2 > found.suspects[2].score
    assert dict(found.suspects[0].heard) == {"r-1": "what is the price of apple", "r-2": "what's the price of apples"}
    shown = voicelab("audit", *runs)
    assert shown.exit_code == 0, shown.output
    assert "by agreement" in shown.output


def test_one_run_is_judged_by_sound(runs, tmp_path):
    found = audit_runs(runs[:1])
    assert found.method == "alignment"
    assert {one.heard["r-1"] for one in found.suspects} == {"what is the price of apple"}
    gone = tmp_path / "gone"
    shutil.copytree(runs[0], gone)
    folder = RunFolder(gone)
    run = folder.read()
    folder.write(run.model_copy(update={"spec": run.spec.model_copy(update={"samples": "nowhere.jsonl"})}))
    with pytest.raises(InputError, match=r"its samples are no longer at nowhere\.jsonl"):
        audit_runs([gone])


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        ([], "name either runs or a set with --samples"),
        (["RUN", "--samples", "SET"], "name either runs or a set"),
        (["RUN", "--asr", "fake"], "--asr goes with --samples"),
        (["nowhere"], "cannot be read"),
        (["RUN", "RUN"], "a run was named twice"),
        (["--samples", "SET", "--asr", "nope"], "unknown asr engine 'nope'"),
        (["RUN", "--fixes", "RUN"], "already exists"),
    ],
)
def test_bad_input_is_named(runs, arguments, complaint):
    places = {"RUN": runs[0], "SET": runs[0].parent / "set.jsonl"}
    shown = voicelab("audit", *(places.get(one, one) for one in arguments))
    assert shown.exit_code == 2
    assert complaint in " ".join(shown.output.split())


def test_a_word_map_is_for_several_runs(runs, tmp_path):
    (tmp_path / "map.txt").write_text("nvidia => n v d a\n")
    done = voicelab("audit", *runs, "--word-map", tmp_path / "map.txt", "--json")
    assert len(json.loads(done.stdout)["normalizer"]["word_map_sha256"]) == 64
    done = voicelab("audit", runs[0], "--word-map", tmp_path / "map.txt")
    assert done.exit_code == 2
    assert "name two or more runs" in done.output
