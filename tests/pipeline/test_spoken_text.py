"""The part of a spoken text that was played after a given time."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voicelab.pipeline.spoken_text import Script
from voicelab.text import words_within

TEXT = "One two three four. Five six seven eight."


def script(text: str, *durations_s: float) -> Script:
    made = Script()
    made.write(text)
    made.end()
    for duration_s in durations_s:
        made.add(duration_s)
    return made


@pytest.mark.parametrize(
    ("heard_s", "said"),
    [
        (0.0, ""),
        (0.1, ""),
        (1.0, "One two"),
        (1.9, "One two three"),
        (2.0, "One two three four."),
        (3.0, "One two three four. Five six"),
        (4.0, TEXT),
        (99.0, TEXT),
    ],
)
def test_whole_sentences_are_heard_and_the_words_that_fit(heard_s, said):
    assert script(TEXT, 2.0, 2.0).heard(heard_s) == said


def test_a_sentence_without_sound_yet_is_not_heard():
    assert script(TEXT).heard(1.0) == ""
    assert script(TEXT, 2.0).heard(9.0) == "One two three four."


def test_a_sentence_that_is_over_by_one_clock_is_over_by_the_other():
    """Regression: durations at 24 kHz and 22.05 kHz differ by a fraction of a sample, which lost the last word."""
    assert script(TEXT, 2.0, 2.0).heard(1.99995) == "One two three four."


def test_chinese_is_heard_character_by_character_and_no_spaces_are_added():
    made = script("今天天气很好。明天下雨。", 1.4, 1.0)
    assert made.heard(0.8) == "今天天气"
    assert made.heard(1.4) == "今天天气很好。"
    assert made.heard(2.4) == "今天天气很好。明天下雨。"


texts = st.text(st.sampled_from("ab .?!\n今，"), max_size=60)


@given(texts, st.lists(st.floats(0.01, 5), max_size=20), st.lists(st.floats(0, 60), max_size=5))
def test_what_is_heard_is_a_beginning_that_only_grows(text, durations_s, instants_s):
    made = script(text, *durations_s[: len(script(text).parts)])
    heard = [made.heard(instant_s) for instant_s in sorted(instants_s)]
    assert all(text.strip().startswith(part) for part in heard)
    assert all(later.startswith(earlier) for earlier, later in pairwise(heard))
    if len(durations_s) >= len(made.parts):
        assert made.heard(1000) == text.strip()


@given(texts, st.floats(0, 1))
def test_no_word_is_cut(text, share):
    beginning = words_within(text, share)
    assert text.startswith(beginning)
    assert len(beginning) <= share * len(text)
    following = text[len(beginning) :][:1]
    assert not beginning or following in ("", " ", "\n", "今") or beginning[-1] == "今"
