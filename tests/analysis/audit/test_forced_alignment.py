"""A forced alignment covers the recording in order, and scores the spoken text higher than another text."""

import re

import pytest

from tests.support.sample_sets import samples_folder
from voicelab.analysis.audit.forced import Aligner, dictionary
from voicelab.analysis.audit.pronounce import Pronouncer, arpabet
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.datasets import load

PHONES = set(
    "AA AE AH AO AW AY B CH D DH EH ER EY F G HH IH IY JH K L M N NG OW OY P R S SH T TH UH UW V W Y Z ZH".split()
)


@pytest.fixture(scope="module")
def aligner():
    return Aligner()


@pytest.fixture(scope="module")
def clip():
    return load(samples_folder()).sample("other_music").clip().at_rate(SPEECH_RATE_HZ)


WORDS = re.findall(r"[a-z']+", load(samples_folder()).sample("other_music").text.lower())


def test_spans_are_the_recording_in_order(aligner, clip):
    found = aligner.align(clip, WORDS)
    assert [span.word for span in found.spans if span.word is not None] == WORDS
    starts = [span.start for span in found.spans]
    assert starts == [0, *(span.end for span in found.spans[:-1])]
    assert found.frames == pytest.approx(clip.duration_s * 100, abs=3)
    assert sum(found.by_frame()) == pytest.approx(found.score_nats)


def test_the_whole_text_is_aligned_to_its_last_word(aligner, clip):
    """Regression: PocketSphinx's lattice search silently dropped the last words of the text."""
    for words in (WORDS, [*WORDS, "for", "me", "now"]):
        assert [span.word for span in aligner.align(clip, words).spans if span.word is not None] == words


def test_what_is_said_fits_best_whatever_came_before(aligner, clip):
    right = aligner.align(clip, WORDS)
    wrong = aligner.align(clip, ["what", "is", "the", "price", "of", "apple"])
    assert (right.score_nats - wrong.score_nats) / right.frames > 2
    assert aligner.align(clip, WORDS) == right


def test_words_that_do_not_fit_in_time_have_no_alignment(aligner, clip):
    assert aligner.align(clip.between(0, 0.2), WORDS * 3) is None
    assert aligner.align(Clip.silence(0.5), []).spans[0].word is None


def test_a_learned_word_is_aligned(aligner, clip):
    assert aligner._decoder.lookup_word("xyzzyq") is None
    aligner.learn({"xyzzyq": "P L EY S AH M"})
    assert [one.word for one in aligner.align(clip, ["xyzzyq"]).spans if one.word] == ["xyzzyq"]


def test_words_are_pronounced_by_the_dictionary_else_by_espeak():
    reader = Pronouncer(dictionary().__contains__)
    texts = ["Add NVIDIA to my watchlist!", "JPMorgan’s $212.50, up 5% — “Coca-Cola”", "价格 of Łódź", "- , ..."]
    reader.read(texts)
    first, second, third, nothing = map(reader.spoken, texts)
    assert (first.words, first.guessed) == (("add", "nvidia", "to", "my", "watchlist"), ("watchlist",))
    assert second.words == ("JPMorgan's", "$212.50", "up", "5%", "coca-cola")
    assert (third.unreadable, nothing.words) == (("价格",), ())
    assert reader.sounds["watchlist"] == "W AA CH L IH S T"
    assert reader.sounds["$212.50"].endswith("D AA L ER Z AE N D F IH F T IY S EH N T S")
    assert {phone for sound in reader.sounds.values() for phone in sound.split()} <= PHONES


def test_espeak_reads_the_dictionarys_words_much_as_it_does(aligner):
    """The table from IPA to phones, on words whose phones are known."""
    words = "price market company seven measure church joy thing weather Europe quarter yahoo boys".lower().split()
    reader = Pronouncer(lambda _: False)
    reader.read(words)
    assert set(reader.sounds) == set(words)
    from rapidfuzz.distance import Levenshtein

    known = [aligner._decoder.lookup_word(word).split() for word in words]
    errors = sum(
        Levenshtein.distance(reader.sounds[word].split(), phones) for word, phones in zip(words, known, strict=True)
    )
    assert errors / sum(map(len, known)) < 0.2


def test_an_unknown_phoneme_is_not_left_out():
    assert arpabet("p_ɹ_ˈaɪ_s") == "P R AY S"
    assert arpabet("p_ɹ_ˈy_s") is None
    assert arpabet("") is None
