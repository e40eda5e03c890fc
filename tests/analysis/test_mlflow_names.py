"""The escaping of metric names is reversible and has no collisions."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from voicelab.analysis.mlflow_names import earlier_name, escape

SHORT = st.text(max_size=14)
NEAR = st.text(alphabet="_UHA4é:.", max_size=14)


@given(SHORT | NEAR)
@example("_U41_")
@example("_U4é")
@example("__Ué_")
def test_a_name_comes_back(name):
    back = re.sub(r"_U([0-9A-F]+)_", lambda found: chr(int(found[1], 16)), escape(name))
    assert back == name


@given(st.text(), st.text())
@example("a:b", "a_b")
@example("é" * 300, "é" * 299 + "e")
def test_two_names_stay_two_and_are_allowed(one, other):
    assert (escape(one) == escape(other)) == (one == other)
    assert re.fullmatch(r"[-_ 0-9A-Za-z]{0,120}", escape(one))


def test_usual_names_stay_as_they_are():
    for name in ("price", "multi_turn", "speaker 1", "1089-134686", "by_category"):
        assert escape(name) == name


@pytest.mark.parametrize(
    ("figure", "group", "earlier"),
    [
        ("wer", (), "words.overall.wer"),
        ("wer", ("category", "a:b"), "words.by_category.a_U3A_b.wer"),
        ("cer", ("speaker", "s1"), "words.by_speaker.s1.cer"),
        ("wer", ("condition", "babble"), None),
        ("entity_recall", (), "entities.surface_heard"),
        ("intent_accuracy", (), "intents.accuracy"),
        ("first_audio_s.p95", (), "latency.stages.first_audio_s.p95"),
        ("tool_calls_right", (), None),
    ],
)
def test_figures_keep_the_names_of_earlier_versions(figure, group, earlier):
    assert earlier_name(figure, *group) == earlier
