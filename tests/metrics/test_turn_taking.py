"""Turn-taking figures: τ-voice's definitions at their edges, and the same from ticks and from rows."""

import json

import pytest

from voicelab.analysis.timeline_files import read_timelines
from voicelab.errors import InputError
from voicelab.metrics.turn_taking.events import events_of
from voicelab.metrics.turn_taking.panel import panel
from voicelab.metrics.turn_taking.timeline import Effect, Tick

TIC = frozenset({Effect("vocal_tic", "ahem")})
ASIDE = frozenset({Effect("non_directed", "wait a moment")})


def ticks(pattern: str) -> list[Tick]:
    """One character a tick: c caller, a agent, b both, m backchannel over the agent, t cough over the agent, T and N a
    cough and speech to others in silence, _ nobody.
    """
    made = {
        "c": Tick(caller=True), "a": Tick(agent=True), "b": Tick(True, True), "_": Tick(),
        "m": Tick(True, True, backchannel=True), "t": Tick(True, True, effects=TIC),
        "T": Tick(effects=TIC), "N": Tick(effects=ASIDE), "A": Tick(agent=True, effects=TIC),
    }  # fmt: skip
    return [made[one] for one in pattern]


@pytest.mark.parametrize(
    ("pattern", "responses", "yields", "interruptions"),
    [
        ("cccc___aaa__", [0.6], [], 0),
        ("ccaa", [], [], 0),  # the agent speaks in the tick in which the caller stops: not counted
        ("cc__cc_aa_", [None, 0.2], [], 0),
        ("cc__mm", [0.4], [], 1),  # they start together, and the caller's sound is a backchannel
        ("ccbbaa__", [], [], 1),  # the agent still speaks when the caller ends
        ("aaabbbcc__aa", [0.4], [0.6], 0),
        ("aa" + "b" * 12 + "aa", [], [None], 0),
        ("aa" + "b" * 10 + "cc_a", [0.2], [None], 0),  # 2.0 s is not within 2.0 s
        ("aa" + "b" * 9 + "cc_a", [0.2], [1.8], 0),
        ("aaa__c", [], [], 0),  # the tick with which a call is ended
        ("cc", [], [], 0),
    ],
)
def test_responses_yields_and_interruptions(pattern, responses, yields, interruptions):
    found = events_of(ticks(pattern))
    assert list(found.responses) == pytest.approx(responses)
    assert list(found.yields) == pytest.approx(yields)
    assert found.agent_interruptions == interruptions


@pytest.mark.parametrize(
    ("pattern", "kind", "ignored"),
    [
        ("aaammaaaaaaaa", "backchannel", [True]),
        ("aaamm________", "backchannel", [False]),
        ("aatt______", "vocal_tic", [False]),
        ("aattaaaaaaa", "vocal_tic", [True]),
        ("TT__________aa", "vocal_tic", [False]),  # answered 2.0 s after it
        ("TT___________aa", "vocal_tic", [True]),
        ("NN____", "non_directed", [True]),
        ("aaAAaa____", "vocal_tic", [False]),  # outside the caller's speech, and the agent stops within a second
        ("aaAAaaaaaa", "vocal_tic", []),  # the agent talks through it: τ-voice counts nothing
    ],
)
def test_sounds_that_call_for_no_reply(pattern, kind, ignored):
    found = events_of(ticks(pattern))
    assert list(found.ignored[kind]) == ignored
    assert not any(outcomes for name, outcomes in found.ignored.items() if name != kind)


def test_conversations_are_pooled_and_nothing_counted_is_none():
    figures = {one.name: one for one in panel([events_of(ticks("cc_aa_")), events_of(ticks("cc___a_cc_c_a_"))])}
    assert figures["response_latency"].value == pytest.approx((0.2 + 0.6 + 0.2) / 3)
    assert (figures["response_rate"].value, figures["response_rate"].n) == (pytest.approx(3 / 4), 4)
    assert (figures["yield_rate"].value, figures["yield_rate"].n) == (None, 0)
    assert figures["agent_interruptions"].value == 0.0


def test_rows_and_ticks_of_one_conversation_score_alike(tmp_path):
    """The same call, as simulation ticks, as a table of ticks, and as rows on a grid and off it."""
    pattern = "cccc___aaaabbbcc__aaaammaaaaaaaa__cc_aa"
    made = ticks(pattern)
    chunks = [
        {
            "user_chunk": {
                "contains_speech": one.caller,
                "turn_taking_action": {"action": "backchannel" if one.backchannel else "keep_talking"},
                "speech_effects": None,
            },
            "agent_chunk": {"contains_speech": one.agent},
        }
        for one in made
    ]
    (tmp_path / "theirs.json").write_text(json.dumps({"id": "x", "ticks": chunks}))
    kinds = ["backchannel" if one.backchannel else "" for one in made]
    lines = [f"{int(one.caller)},{int(one.agent)},{kind}" for one, kind in zip(made, kinds, strict=True)]
    (tmp_path / "ticks.csv").write_text("\n".join(["caller,agent,kind", *lines]) + "\n")
    rows = [("caller", 0, 4, ""), ("agent", 7, 14, ""), ("caller", 11, 16, ""), ("agent", 18, 32, ""),
            ("caller", 22, 24, "backchannel"), ("caller", 34, 36, ""), ("agent", 37, 39, "")]  # fmt: skip
    for name, shift_s in (("grid", 0.0), ("fine", 0.05)):
        table = [f"{who},{a * 0.2 + shift_s:.2f},{b * 0.2 + shift_s:.2f},{kind}" for who, a, b, kind in rows]
        (tmp_path / f"{name}.csv").write_text("\n".join(["speaker,start_s,end_s,kind", *table]) + "\n")
    expected = panel([events_of(made)])
    assert expected[0].value == pytest.approx((0.6 + 0.4 + 0.2) / 3)
    for name, tick_s in (("theirs.json", 0.2), ("ticks.csv", 0.2), ("grid.csv", 0.2), ("fine.csv", 0.01)):
        (timeline,) = read_timelines([tmp_path / name])
        assert timeline.tick_s == tick_s
        for one, other in zip(panel([events_of(timeline.ticks, tick_s)]), expected, strict=True):
            assert (one.name, one.n) == (other.name, other.n), name
            assert one.value == (None if other.value is None else pytest.approx(other.value)), name


def test_a_folder_is_read_whole_and_each_conversation_once(tmp_path):
    """The files of a τ-voice experiment: an index, a file per simulation, and the expected figures."""
    one = {"id": "one", "ticks": [{"caller": mark == "c", "agent": mark == "a"} for mark in "cc_aa_"]}
    two = {"id": "two", "ticks": [{"caller": mark == "c", "agent": mark == "a"} for mark in "cc___a"]}
    (tmp_path / "simulations").mkdir()
    for name, content in (
        ("results.json", {"info": {}, "simulations": [one, {"id": "text", "ticks": None}]}),
        ("expected.json", {"response_rate": 1.0}),
        ("simulations/1.json", one),
        ("simulations/2.json", two),
    ):
        (tmp_path / name).write_text(json.dumps(content))
    assert sorted(timeline.name for timeline in read_timelines([tmp_path])) == ["one", "two"]
    with pytest.raises(InputError, match="neither `ticks` nor a list of rows"):
        read_timelines([tmp_path / "expected.json"])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"ticks": [1]}', "tick 1: is not an object"),
        ('{"simulations": [{}]}', "no ticks"),
        ('{"a": 1}', "neither `ticks` nor a list of rows"),
        ('[{"speaker": "dog", "start_s": 0, "end_s": 1}]', "speaker is 'dog'"),
        ('[{"speaker": "agent", "start_s": 2, "end_s": 1}]', "is not after"),
        ('[{"speaker": "agent", "start_s": "x", "end_s": 1}]', "start_s is 'x'"),
        ('[{"speaker": "agent", "start_s": 0, "end_s": 1, "kind": "sneeze"}]', "kind is 'sneeze'"),
        ("{", "is not JSON"),
        ("[" * 100_000, "nested too deeply"),
        ('{"ticks": []}', "no list of ticks"),
        ('{"ticks": [{"user_chunk": [1]}]}', "tick 1: user_chunk is"),
        ('{"ticks": [{"user_chunk": {"turn_taking_action": "backchannel"}}]}', "turn_taking_action is 'backchannel'"),
        ('{"ticks": [{"user_chunk": {"source_effects": {"speech_insert": "cough"}}}]}', "speech_insert is 'cough'"),
        ('{"ticks": [{"agent_chunk": {"contains_speech": "maybe"}}]}', "contains_speech is 'maybe'"),
        ('[{"speaker": "agent", "end_s": 1}]', "start_s is missing"),
        ('[{"speaker": "agent", "start_s": true, "end_s": 2}]', "start_s is True"),
    ],
)
def test_a_bad_timeline_is_one_sentence(tmp_path, content, complaint):
    file = tmp_path / "t.json"
    file.write_text(content)
    with pytest.raises(InputError, match=complaint) as error:
        read_timelines([file])
    assert str(file) in str(error.value)


def test_columns_may_be_separated_by_tabs(tmp_path):
    rows = ["speaker,start_s,end_s", "caller,0,1.4", "agent,2.2,5"]
    for name, separator in (("t.csv", ","), ("t.tsv", "\t")):
        (tmp_path / name).write_text("\n".join(rows).replace(",", separator))
    ((tabs,), (commas,)) = (read_timelines([tmp_path / name]) for name in ("t.tsv", "t.csv"))
    assert tabs == commas
