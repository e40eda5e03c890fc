"""Normalizers are idempotent if expected, and splitting into sentences loses nothing."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.errors import InputError
from voicelab.text import NORMALIZERS, normalizer, sentences

TEXTS = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=60)


@given(TEXTS)
@pytest.mark.parametrize("name", ["none", "basic", "characters", "korean", "sclite"])
def test_normalizing_twice_is_normalizing_once(name, text):
    once = NORMALIZERS[name].apply(text)
    assert NORMALIZERS[name].apply(once) == once


@pytest.mark.parametrize(
    ("name", "text", "outcome"),
    [
        ("none", "Add  NVIDIA!", "Add  NVIDIA!"),
        ("basic", "What's on\tmy Watch-list?", "whats on my watch list"),
        ("basic", "The po\u00adlice’s 👨\u200d👩\u200d👧 ❤\ufe0f 1\ufe0f\u20e3 v\u200barious", "the polices 1 various"),
        ("basic", "पानी में क्\u200dया है?", "पानी में क्या है"),
        ("basic", "كَتَبَ الوَلَدُ، نعم!", "كتب الولد نعم"),
        ("basic", "٣ كتب, १२ किताबें", "3 كتب 12 किताबें"),
        ("basic", "قَدَّمَ هٰذا", "قدم هذا"),
        ("basic", "أحمد إلى مدرسة", "أحمد إلى مدرسة"),
        ("basic", "Straße STRASSE STRAẞE", "strasse strasse strasse"),
        ("basic", "Ещё ёлка", "ещё ёлка"),
        ("russian", "Ещё ЁЛКА, все\u0308 — 5 %!", "еще елка все 5"),
        ("basic", "İZMİR", "izmir"),
        ("basic", "-3 %, −0,5; +2 und 9-5 oder (-4)", "-3 -0 5 2 und 9 5 oder -4"),
        ("basic", "مـــرحبا ‎-٣٪", "مرحبا -3"),
        ("basic", "Cœur d'Alène", "coeur dalène"),
        ("characters", "股价-3%，5月-6月", "股 价 -3 5 月 6 月"),
        ("characters", "๑๒ แมว", "12 แ ม ว"),
        ("english", "What's on my watch list?", "what is on my watchlist"),
        ("english", "It costs two hundred twelve dollars and fifty cents", "it costs 212.5 dollars"),
        ("english", "the colour of my watchlist", "the color of my watchlist"),
        ("cjk", "英伟达 NVDA 的股价", "英 伟 达 nvda 的 股 价"),
        ("characters", "我想买Apple的股票，１００股。", "我 想 买 apple 的 股 票 100 股"),
        ("characters", "コーヒーを、下さい。", "コ ー ヒ ー を 下 さ い"),
        ("characters", "น้ำ", "น้ํ า"),
        ("korean", "애플 주가를, 알려 줘!", "애플 주가를 알려 줘"),
    ],
)
def test_what_each_normalizer_does(name, text, outcome):
    assert normalizer(name).apply(text) == outcome


def test_a_compound_is_one_word_however_it_is_written():
    english = normalizer("english")
    assert english.words("Show me my watchlist") == english.words("show me my watch list")


def test_an_unknown_normalizer_lists_the_known():
    with pytest.raises(InputError, match="none, basic, english, whisper, characters, korean, russian, sclite"):
        normalizer("klingon")


@given(TEXTS)
def test_sentences_lose_nothing_but_spaces(text):
    assert "".join("".join(sentences(text)).split()) == "".join(text.split())


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Apple is at 212.50 dollars. It rose. Why?", 3),
        ("Apple Inc. rose. Ford Motor Co. fell.", 2),
        ("The price is 3.5 percent up", 1),
        ('He said "no." Then he left!', 2),
        ("股价上涨。为什么？", 2),
        ("   ", 0),
    ],
)
def test_where_sentences_end(text, count):
    assert len(sentences(text)) == count


@pytest.mark.parametrize("unit", [".", "!?", '."', ". ", "...", "a."])
def test_sentences_are_found_in_time_linear_in_the_length_of_the_text(unit):
    """Regression: 4,096 dots at /v1/audio/speech blocked all other clients for 0.2 s."""
    text = unit * (400_000 // len(unit))
    start = time.process_time()
    assert "".join(sentences(text)).replace(" ", "") == text.replace(" ", "")
    assert time.process_time() - start < 5, "a time that grows with the square would be minutes"


def test_a_run_of_marks_behind_an_abbreviation_still_ends_a_sentence():
    assert sentences("It is Apple Inc... Then Mr. Cook spoke.") == ["It is Apple Inc...", "Then Mr. Cook spoke."]


def test_the_inner_mark_of_fractions_is_an_ordinary_word_in_a_text():
    assert normalizer("english").words("one :over: 's")[0] == "1"
    assert normalizer("english").words("1 1/2 percent") == ["1.5", "percent"]
