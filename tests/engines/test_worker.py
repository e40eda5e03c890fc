"""The order in which a worker serves requests, and how often it reports progress."""

import queue
import threading
import time

from hypothesis import given
from hypothesis import strategies as st

from voicelab.engines.pool.messages import Answer, Request
from voicelab.engines.pool.scheduler import Scheduler
from voicelab.engines.pool.threads import WorkerThreads
from voicelab.engines.pool.transport import QueueTransport
from voicelab.engines.spec import EngineConfig, EngineInfo, Entry


def taken(scheduler: Scheduler) -> list[Request]:
    found = []
    while (request := scheduler.take()) is not None:
        scheduler.report(request, Answer(request.call_id))
        found.append(request)
    return found


def serve(scheduler: Scheduler, request: Request, answer: Answer) -> Answer | None:
    scheduler.add(request)
    return scheduler.report(scheduler.take(), answer)


def feed(stream: int) -> Request:
    return Request(None, stream, "feed")


def test_an_utterance_that_is_over_comes_before_those_that_are_still_spoken():
    scheduler = Scheduler()
    finish = Request(7, 2, "finish")
    for request in (feed(1), feed(2), feed(1), feed(2), finish):
        scheduler.add(request)
    assert taken(scheduler) == [feed(2), feed(2), finish, feed(1), feed(1)]


def test_what_was_heard_so_far_is_worth_no_hurry():
    scheduler = Scheduler()
    partial = Request(7, 2, "partial")
    for request in (feed(1), feed(2), partial):
        scheduler.add(request)
    assert taken(scheduler) == [feed(1), feed(2), partial]


def test_whoever_has_waited_longest_comes_first_of_those_who_are_still_speaking():
    scheduler = Scheduler()
    for request in (feed(3), feed(1), feed(3), feed(2)):
        scheduler.add(request)
    assert taken(scheduler) == [feed(3), feed(3), feed(1), feed(2)]


def test_what_is_given_back_comes_before_all_others():
    """In an overloaded engine a caller always waits, so resources would never be freed without closing first."""
    scheduler = Scheduler()
    close = Request(None, 3, "close")
    for request in (feed(1), Request(7, 2, "finish"), feed(3), close):
        scheduler.add(request)
    assert taken(scheduler) == [close, Request(7, 2, "finish"), feed(1)]


def test_a_call_that_was_withdrawn_hurries_nobody():
    scheduler = Scheduler()
    for request in (feed(1), feed(2), Request(7, 2, "finish"), Request(None, None, "withdraw", (7,))):
        scheduler.add(request)
    assert taken(scheduler) == [feed(1), feed(2)]


def test_clients_are_served_in_turn_and_each_clients_calls_in_order():
    scheduler = Scheduler()
    greedy = [Request(number, stream, "speak", client="greedy") for number, stream in enumerate((None, 1, None, 2), 1)]
    other = [Request(number, None, "speak", client="other") for number in (5, 6)]
    for request in (*greedy, *other):
        scheduler.add(request)
    assert taken(scheduler) == [greedy[0], other[0], greedy[1], other[1], greedy[2], greedy[3]]


def test_a_client_that_comes_later_waits_for_one_call_of_another():
    scheduler = Scheduler()
    greedy = [Request(number, number, "encode", client="greedy") for number in range(1, 20)]
    for request in greedy:
        scheduler.add(request)
    running, late = scheduler.take(), Request(99, 99, "encode", client="late")
    scheduler.add(late)
    scheduler.report(running, Answer(1))
    assert taken(scheduler)[:3] == [greedy[1], late, greedy[2]]


@given(st.lists(st.tuples(st.integers(1, 4), st.sampled_from(["feed", "partial", "finish"])), max_size=30))
def test_the_requests_of_one_utterance_stay_in_order_and_none_is_lost(asked):
    scheduler = Scheduler()
    requests = [
        Request(None if method == "feed" else number, stream, method)
        for number, (stream, method) in enumerate(asked, 1)
    ]
    for request in requests:
        scheduler.add(request)
    done = taken(scheduler)
    for stream in {stream for stream, _ in asked}:
        assert [one for one in done if one.stream_id == stream] == [one for one in requests if one.stream_id == stream]
    assert len(done) == len(requests)


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["feed", "partial", "finish"])), max_size=20),
    st.lists(st.integers(0, 2), max_size=80),
)
def test_several_who_serve_are_never_at_one_utterance_at_once(asked, finishing):
    """Hypothesis chooses which of three threads serves the next request."""
    scheduler, at_work, done = Scheduler(), [None] * 3, []
    requests = [
        Request(None if method == "feed" else number, stream or None, method)
        for number, (stream, method) in enumerate(asked, 1)
    ]
    for request in requests:
        scheduler.add(request)

    def take() -> None:
        for place, one in enumerate(at_work):
            if one is None:
                at_work[place] = scheduler.take()
        busy = [one.stream_id for one in at_work if one is not None and one.stream_id is not None]
        assert len(busy) == len(set(busy))
        assert scheduler.is_empty or None not in at_work, "nobody is idle while there is something to do"

    for place in [*finishing, *(3 * len(requests) * [0, 1, 2])]:
        take()
        if (one := at_work[place]) is not None:
            scheduler.report(one, Answer(one.call_id))
            done.append(one)
            at_work[place] = None
    assert len(done) == len(requests)
    for stream in {one.stream_id for one in requests} - {None}:  # calls of the engine itself are independent
        assert [one for one in done if one.stream_id == stream] == [one for one in requests if one.stream_id == stream]


def test_frames_are_not_told_of_one_by_one_but_all_are_counted():
    scheduler = Scheduler()
    told = [answer for _ in range(50) if (answer := serve(scheduler, feed(1), Answer(None))) is not None]
    assert len(told) <= 2, "the first, and one more should the machine stand still for a moment"
    assert scheduler.silent_for_s is not None
    result = serve(scheduler, Request(7, 1, "finish"), Answer(7, "the result"))
    assert result == Answer(7, "the result", done=51)
    assert scheduler.silent_for_s is None


def test_whoever_is_told_of_one_hears_how_long_the_others_take():
    scheduler = Scheduler()
    for stream in (1, 2):
        scheduler.add(Request(stream, stream, "finish"))
    long, short = scheduler.take(), scheduler.take()
    time.sleep(0.02)
    told = scheduler.report(short, Answer(2))
    assert told is not None
    assert told.longest_s >= 0.02
    assert scheduler.report(long, Answer(1)).longest_s == 0.0


class Meeting:
    """An engine whose calls wait for each other: two sequential calls would never end."""

    def __init__(self):
        self.both = threading.Barrier(2)

    def load(self):
        return EngineInfo("asr", "meeting", {}, "1")

    def stream(self):
        return self

    def finish(self):
        return self.both.wait(20)


def test_as_many_threads_serve_as_were_asked_for():
    answers: queue.Queue[Answer] = queue.Queue()
    intake = QueueTransport()
    crew = WorkerThreads(
        EngineConfig("asr", "meeting", Entry("tests.engines.test_worker:Meeting", "", "thread")), 2, intake, answers.put
    )
    crew.start()
    intake.put([Request(1, None, "load")])
    assert answers.get(timeout=20).error is None
    intake.put([Request(2, 1, "finish"), Request(3, 2, "finish")])
    told = [answers.get(timeout=30) for _ in range(2)]
    assert [answer.error for answer in told] == [None, None]
    assert sorted(answer.result for answer in told) == [0, 1]
    assert [answer.done for answer in told] == [2, 3], "told in the order in which they were served"
    intake.close()
    crew.join(10)
