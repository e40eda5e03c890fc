"""Counts with sclite's weights: laws, and a comparison with NIST sclite for each utterance."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support import nist
from voicelab.analysis.score_transcripts import score
from voicelab.datasets.transcripts.formats import paired
from voicelab.errors import InputError
from voicelab.metrics.alternatives import lattice, parse
from voicelab.metrics.lattice_alignment import align_lattices
from voicelab.metrics.sclite import align_sclite, count_sclite
from voicelab.metrics.weights import MINIMAL, SCLITE
from voicelab.metrics.words import WordCounts, count_words, counts_of
from voicelab.text import normalizer

WORDS = st.lists(st.sampled_from("a b c d".split()), max_size=9)
RULE = normalizer("sclite")


def cost(counts: WordCounts) -> int:
    return 4 * counts.substitutions + 3 * (counts.insertions + counts.deletions)


def cheapest(reference: list[str], hypothesis: list[str]) -> int:
    row = [3 * j for j in range(len(hypothesis) + 1)]
    for i, mine in enumerate(reference, start=1):
        before, row[0] = row[0], 3 * i
        for j, other in enumerate(hypothesis, start=1):
            before, row[j] = row[j], min(row[j] + 3, row[j - 1] + 3, before + 4 * (mine != other))
    return row[-1]


@given(WORDS, WORDS)
def test_no_alignment_costs_less(reference, hypothesis):
    counts = count_sclite(reference, hypothesis)
    assert cost(counts) == cheapest(reference, hypothesis)
    assert counts.reference_words == len(reference)
    assert counts.hypothesis_words == len(hypothesis)


@given(WORDS, WORDS)
def test_an_alignment_spells_both_texts(reference, hypothesis):
    steps = align_sclite(reference, hypothesis)
    assert [step.reference for step in steps if step.reference is not None] == reference
    assert [step.hypothesis for step in steps if step.hypothesis is not None] == hypothesis


@given(WORDS, WORDS)
def test_a_lattice_of_one_wording_is_that_wording(reference, hypothesis):
    steps = align_lattices(lattice(reference), lattice(hypothesis), SCLITE)
    assert counts_of(steps) == count_sclite(reference, hypothesis)


@given(st.lists(WORDS.filter(bool), min_size=1, max_size=3), WORDS, WORDS)
def test_the_cheapest_wording_is_taken(wordings, rest, hypothesis):
    text = "{ " + " / ".join(" ".join(wording) for wording in wordings) + " } " + " ".join(rest)
    found = counts_of(align_lattices(lattice(parse(text)), lattice(hypothesis), SCLITE))
    assert cost(found) == min(cheapest([*wording, *rest], hypothesis) for wording in wordings)
    errors = counts_of(align_lattices(lattice(parse(text)), lattice(hypothesis), MINIMAL)).errors
    assert errors == min(count_words([*wording, *rest], hypothesis).errors for wording in wordings)


def test_three_substitutions_and_two_of_each_cost_the_same_and_sclite_substitutes():
    assert count_sclite("x y z".split(), "a b c".split()) == WordCounts(substitutions=3)


def test_the_two_weights_can_differ():
    """One substitution and one insertion cost 7, two insertions and a deletion 9; a minimal count has 2 and 3."""
    reference, hypothesis = "a b c d".split(), "b c d e a".split()
    assert count_sclite(reference, hypothesis) == WordCounts(hits=3, deletions=1, insertions=2)
    assert count_words(reference, hypothesis).errors == 3


@pytest.mark.parametrize(
    ("reference", "hypothesis", "counts"),
    [
        ("i { um / uh / @ } see", "i see", WordCounts(hits=2)),
        ("i { um / uh / @ } see", "i uh see", WordCounts(hits=3)),
        ("i { um / uh } see", "i see", WordCounts(hits=2, deletions=1)),
        ("{ a lot / alot } of { { two / 2 } hundred / 200 }", "alot of 2 hundred", WordCounts(hits=4)),
        ("Foo* b;tag (c)", "foo b c", WordCounts(hits=2, substitutions=1)),
    ],
)
def test_alternatives(tmp_path, reference, hypothesis, counts):
    (tmp_path / "r.trn").write_text(f"{reference} (s_1)\n")
    (tmp_path / "h.trn").write_text(f"{hypothesis} (s_1)\n")
    found = score(paired(tmp_path / "r.trn", tmp_path / "h.trn", "trn").pairs, RULE, SCLITE, alternatives=True)
    assert found.total.words == counts


@pytest.mark.parametrize("text", ["a { b / c", "a } b", "{ a / { b }", "{ }", "{ / }"])
def test_braces_that_do_not_pair_are_told(text):
    with pytest.raises(InputError, match=r"brace"):
        parse(text)


def made_word(chance: random.Random, kinds: int) -> str:
    return chance.choice("a b c d e f".split()[:kinds])


def made_alternatives(chance: random.Random, kinds: int, depth: int = 0) -> str:
    wordings = []
    for _ in range(chance.randint(1, 3)):
        nested = [chance.random() < 0.15 and depth < 2 for _ in range(chance.randint(1, 3))]
        words = [made_alternatives(chance, kinds, depth + 1) if one else made_word(chance, kinds) for one in nested]
        wordings.append("@" if chance.random() < 0.3 else " ".join(words))
    return "{ " + " / ".join(wordings) + " }"


def made_text(chance: random.Random, kinds: int, alternatives: float) -> str:
    words = []
    for _ in range(chance.randint(0, chance.choice([3, 8, 12]))):
        if chance.random() < alternatives:
            words.append(made_alternatives(chance, kinds))
        elif chance.random() < 0.1:
            words.append(chance.choice(["A", "(b)", "c*", "d;x", "d;x;y", "@", "a-", "-b", "É", "é"]))
        else:
            words.append(made_word(chance, kinds))
    return " ".join(words)


@nist.needed
@pytest.mark.parametrize("seed", [1, 2])
def test_every_utterance_of_a_trn_counts_as_in_sclite(tmp_path, seed):
    """2000 made utterances each, full of ties, nested and empty alternatives on both sides, marks and capitals."""
    chance = random.Random(seed)
    lines = {"r.trn": [], "h.trn": []}
    for number in range(2000):
        kinds = chance.choice([1, 2, 3, 6])
        name = f"(Spk{number % 7}_{number})"
        lines["r.trn"].append(f"{made_text(chance, kinds, chance.choice([0, 0, 0.2]))} {name}")
        lines["h.trn"].append(f"{made_text(chance, kinds, chance.choice([0, 0, 0, 0.1]))} {name}")
    for file, content in lines.items():
        (tmp_path / file).write_text("\n".join(content) + "\n")
    theirs = nist.utterances(tmp_path / "r.trn", tmp_path / "h.trn")
    assert len(theirs) == 2000
    assert ours(tmp_path / "r.trn", tmp_path / "h.trn", "trn") == theirs


def marked_text(chance: random.Random) -> str:
    """Words with fragments, optional words and alternatives, similar enough to match often."""
    words = []
    for _ in range(chance.randint(0, 8)):
        options = []
        for _ in range(2):
            word = chance.choice("a ab abc b ba".split())
            word = chance.choice([word, word, word, word, word + "-", "-" + word])
            options.append(word if word[0] == "-" else chance.choice([word, word, word, f"({word})"]))
        words.append(chance.choice([options[0]] * 9 + [f"{{ {options[0]} / {options[1]} }}"]))
    return " ".join(words)


@nist.needed
@pytest.mark.parametrize("fragments", [False, True])
@pytest.mark.parametrize("optional", [False, True])
def test_broken_off_and_optional_words_count_as_in_sclite(tmp_path, fragments, optional):
    chance = random.Random(11)
    for name in ("r.trn", "h.trn"):
        (tmp_path / name).write_text("".join(f"{marked_text(chance)} (s_{number})\n" for number in range(1000)))
    options = [*(["-F"] if fragments else []), *(["-D"] if optional else [])]
    theirs = nist.utterances(tmp_path / "r.trn", tmp_path / "h.trn", *options)
    assert len(theirs) == 1000
    assert ours(tmp_path / "r.trn", tmp_path / "h.trn", "trn", fragments=fragments, optional=optional) == theirs


def ours(reference, hypothesis, form, **marks) -> dict[str, tuple[int, int, int, int]]:
    found = score(paired(reference, hypothesis, form).pairs, RULE, SCLITE, alternatives=True, **marks)
    return {
        pair.id: (one.words.hits, one.words.substitutions, one.words.deletions, one.words.insertions)
        for pair, one in zip(found.pairs, found.utterances, strict=True)
    }


def made_channel(chance: random.Random, file: str, channel: str) -> tuple[list[str], list[str]]:
    """Segments with and without gaps, and words whose midpoint is often the end of a segment."""
    segments, words, at_s, ends = [], [], 0.0, []
    for _ in range(chance.randint(1, 8)):
        at_s += chance.choice([0, 0, 0.3, chance.randint(0, 200) / 100])
        end_s = at_s + chance.randint(1, 400) / 100
        text = " ".join(
            chance.choice(["a", "b", "C", "{ a / b c / @ }", "(d)", "e-"]) for _ in range(chance.randint(0, 6))
        )
        if chance.random() < 0.1:
            text = chance.choice(["IGNORE_TIME_SEGMENT_IN_SCORING", "a ignore_time_segment_in_scoring b"])
        label = chance.choice(["", "<O,F0>"])
        segments.append(
            f"{file} {channel} {chance.choice([file + channel, 'x'])} {at_s:.2f} {end_s:.2f} {label} {text}"
        )
        ends.append(end_s)
        at_s = end_s
    start_s = 0.0
    while start_s < ends[-1] + 1:
        duration_s = chance.randint(1, 60) / 100
        on_an_end = chance.choice(ends) - duration_s / 2
        start_s = round(on_an_end, 2) if chance.random() < 0.3 and on_an_end >= start_s else start_s
        times = f"{start_s:.2f} {duration_s:.2f}"
        if chance.random() < 0.05:
            words += [f"{file} {channel} * * <ALT_BEGIN>", f"{file} {channel} {times} a", f"{file} {channel} * * <ALT>"]
            words += [f"{file} {channel} {times} b"] * chance.randint(0, 1) + [f"{file} {channel} * * <ALT_END>"]
        else:
            words.append(f"{file} {channel} {times} {chance.choice(['a', 'B', 'c', '(d)', 'e-'])} 0.5")
        start_s += duration_s + chance.choice([0, 0.05, 0.5])
    return segments, words


@nist.needed
@pytest.mark.parametrize("seed", range(12))
def test_every_segment_of_an_stm_counts_as_in_sclite(tmp_path, seed):
    chance = random.Random(seed)
    segments, words = [";; made for a test"], []
    for file, channels in (("f0", "A"), ("f1", "AB"), ("f2", "A")):
        for channel in channels:
            more_segments, more_words = made_channel(chance, file, channel)
            segments += more_segments
            words += more_words
    (tmp_path / "r.stm").write_text("\n".join(segments) + "\n")
    (tmp_path / "h.ctm").write_text("\n".join(words) + "\n")
    theirs = nist.utterances(tmp_path / "r.stm", tmp_path / "h.ctm")
    assert theirs
    assert ours(tmp_path / "r.stm", tmp_path / "h.ctm", "stm") == theirs
