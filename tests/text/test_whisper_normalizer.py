"""`whisper` equals openai-whisper's normalizer, and the cached rules equal the uncached ones."""

from importlib import metadata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from voicelab.errors import InputError
from voicelab.text import normalizer
from voicelab.text.whisper import FastWhisper, openai_rules

RULES = openai_rules()
FAST = FastWhisper()
PLAIN = (
    "hello World stock colour, Mobilisation. dogs' it's can't don't I'm y'all mr Mrs. dr the a to watch list".split()
)
NUMBERS = sorted(RULES.standardize_numbers.words)
AWKWARD = """
    half a um um's uh-oh hmm mm, he'd she's been gone, done got. gotten won't let's st. 1st 2nd s th nd rd cause
    's 'cause rock'n'roll $ $5 5$ % 5% ¢ ¢7 €3.50 £ 3,000 1.5 .. ... . a.. b.c 1. 2, 3 14 -- - it’s café naïve ½
    x² １２ ｈａｌｆ [noise] (laughs loud) <unk> one's oh's point's minus's i'ma 'd "quoted" "and" one, ? ! & a&b
    $0.50 $0 50 cents + -5 10km RC232 that'd ain't 1,2 1,a ..5 5. m İstanbul ß ΑΣ ﬁ ① s' th' x́ um-been halfway
    thirty's watch lists é. ’s
""".split()
WORDS = st.one_of(st.sampled_from(PLAIN), st.sampled_from(NUMBERS), st.sampled_from(AWKWARD))
GAPS = st.sampled_from([" ", " ", " ", "  ", "\n", "\t"])
TEXTS = st.builds(
    lambda edge, pairs, end: edge + "".join(word + gap for word, gap in pairs).rstrip() + end,
    st.sampled_from(["", " "]),
    st.lists(st.tuples(WORDS, GAPS), max_size=9),
    st.sampled_from(["", " "]),
)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
@example("two um three")
@example("he um's here")
@example("twenty and a half")
@example("$2 and ¢7 please")
@example("a.. ")
def test_the_cached_rules_give_what_the_uncached_give(text):
    assert FAST(text) == RULES(text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=40))
def test_any_text_at_all(text):
    assert FAST(text) == RULES(text)


def test_what_a_word_comes_to_does_not_depend_on_what_was_seen_before():
    texts = ["one two", "and", "and one", "two and", "the one", "one", "plus and", "point and", "seven point and"]
    forward, backward = FastWhisper(), FastWhisper()
    assert [forward(text) for text in texts] == [backward(text) for text in reversed(texts)][::-1]
    assert [forward(text) for text in texts] == [RULES(text) for text in texts]


# Our own examples for the rules in Radford et al. (2022), appendix C, and openai-whisper 20250625.
@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("We need twenty-one of them", "we need 21 of them"),
        ("nine nineteen", "919"),
        ("seven double four oh", "7440"),
        ("eighteen sixty five", "1865"),
        ("one million two hundred thousand and six", "1200006"),
        ("three point one four", "3.14"),
        ("six and a half million", "6500000"),
        ("the thirty second of may", "the 32nd of may"),
        ("in the nineteen eighties", "in the 1980s"),
        ("one", "one"),
        ("the ones we had", "the ones we had"),
        ("fifty dollars and seven cents", "$50.07"),
        ("eighty cents", "¢80"),
        ("€20 million", "€20000000"),
        ("twelve thousand pounds", "£12000"),
        ("minus forty", "-40"),
        ("eighty five percent", "85%"),
        ("eighty five per cent", "85%"),
        ("4,250,000 people", "4250000 people"),
        ("7km", "7 km"),
        ("BR549", "br 549"),
        ("We won't, they can't, you shouldn't've", "we will not they can not you should not have"),
        ("I'm gonna go, let's eat", "i am going to go let us eat"),
        ("she'd been there and he's gone", "she had been there and he has gone"),
        ("who'll say you're late", "who will say you are late"),
        ("Dr. Lee met Mrs. Day and Gov. Roy", "doctor lee met missus day and governor roy"),
        ("Hmm, uh, I um think mm yes mhm", "i think yes"),
        ("hello [door slams] there (coughs) you <unk>", "hello there you"),
        ("Crème brûlée in Łódź", "creme brulee in lodz"),
        ("organise the theatre's grey catalogue", "organize the theater is gray catalog"),
        ("cancelation and mobilisation", "cancellation and mobilization"),
        ("Yes! No? (Maybe)... end.", "yes no end"),
        ("a-b_c/d", "a b c d"),
        ("show my watch lists", "show my watch lists"),
        ("the root cause, and kinda late, dunno", "the root cause and kinda late dunno"),
    ],
)
def test_what_whisper_does(text, outcome):
    assert " ".join(normalizer("whisper").words(text)) == outcome


def test_another_release_of_the_rules_is_refused(monkeypatch):
    monkeypatch.setattr(metadata, "version", lambda package: "0.0.1")
    with pytest.raises(InputError, match=r"whisper_normalizer 0.0.1 is installed.*pip install whisper_normalizer=="):
        openai_rules()


def test_the_version_names_the_release_of_openai_whisper():
    assert normalizer("whisper").version == "20250625"
