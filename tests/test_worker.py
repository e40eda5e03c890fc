"""In which order a worker does what it is asked, and how often it says that it gets on."""

from hypothesis import given
from hypothesis import strategies as st

from voicelab.worker import Answer, Desk, Request


def taken(desk: Desk) -> list[Request]:
    found = []
    while (request := desk.take()) is not None:
        found.append(request)
    return found


def feed(stream: int) -> Request:
    return Request(None, stream, "feed")


def test_an_utterance_that_is_over_comes_before_those_that_are_still_spoken():
    desk = Desk()
    finish = Request(7, 2, "finish")
    for request in (feed(1), feed(2), feed(1), feed(2), finish):
        desk.add(request)
    assert taken(desk) == [feed(2), feed(2), finish, feed(1), feed(1)]


def test_what_was_heard_so_far_is_worth_no_hurry():
    desk = Desk()
    partial = Request(7, 2, "partial")
    for request in (feed(1), feed(2), partial):
        desk.add(request)
    assert taken(desk) == [feed(1), feed(2), partial]


def test_a_call_that_was_withdrawn_hurries_nobody():
    desk = Desk()
    for request in (feed(1), feed(2), Request(7, 2, "finish"), Request(None, None, "withdraw", (7,))):
        desk.add(request)
    assert taken(desk) == [feed(1), feed(2)]


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["feed", "partial", "finish"])), max_size=30))
def test_the_requests_of_one_utterance_stay_in_order_and_none_is_lost(asked):
    desk = Desk()
    requests = [
        Request(None if method == "feed" else number, stream, method)
        for number, (stream, method) in enumerate(asked, 1)
    ]
    for request in requests:
        desk.add(request)
    done = taken(desk)
    for stream in {stream for stream, _ in asked}:
        assert [one for one in done if one.stream_id == stream] == [one for one in requests if one.stream_id == stream]
    assert len(done) == len(requests)


def test_frames_are_not_told_of_one_by_one_but_all_are_counted():
    desk = Desk()
    told = [answer for _ in range(50) if (answer := desk.to_tell(Answer(None))) is not None]
    assert len(told) <= 2, "the first, and one more should the machine stand still for a moment"
    assert desk.silent_for_s is not None
    result = desk.to_tell(Answer(7, "the result"))
    assert result == Answer(7, "the result", done=51)
    assert desk.silent_for_s is None
