"""An agent that misbehaves in some conversations of a run: each ends with its owner, and the others are measured."""

import json
import threading
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from tests.support.recordings import write_recording
from tests.support.tones import tone
from voicelab.runs import runner
from voicelab.runs.records import RunSpec

REPLY = tone(0.2).to_pcm16()


def talk(connection, how):
    """Raw PCM both ways. how: answer, close, mute, garbage or trickle."""
    for _ in range(3):
        connection.recv()
    if how == "close":
        return
    if how == "garbage":
        for _ in range(200):
            connection.send("what?")
    if how == "answer":
        connection.send(REPLY)
    while True:
        connection.recv()


@contextmanager
def agent(plan):
    """Serve conversations, each as the plan says; what follows the plan is answered."""
    ways = iter(plan)

    def handle(connection):
        how = next(ways, "answer")
        with suppress(ConnectionClosed):
            talk(connection, how)

    with serve(handle, "127.0.0.1", 0, close_timeout=0.2) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        server.shutdown()
        thread.join()


@pytest.fixture
def samples(tmp_path):
    write_recording(tmp_path / "a.wav")
    rows = [{"id": f"s{number}", "audio_path": "a.wav", "text": "one two"} for number in range(6)]
    (tmp_path / "voice_samples.json").write_text(json.dumps({"samples": {"some": rows}}))
    return str(tmp_path / "voice_samples.json")


def test_each_bad_conversation_ends_with_its_owner_and_the_others_go_on(tmp_path, samples):
    # A lost connection is tried again once: s0 recovers, s2 loses both.
    plan = ["close", "answer", "answer", "close", "close", "mute", "answer", "garbage"]
    with agent(plan) as url:
        spec = RunSpec(
            samples=samples, target=f"map:chirp,url={url},quiet_s=0.2", mode="realtime", reply_asr=None, timeout_s=1.0
        )
        folder, run = runner.evaluate(spec, tmp_path, run_id="r")
    assert run.status == "finished"
    found = {turn.key: turn.failure and (turn.failure.code, turn.failure.owner) for turn in folder.turns()}
    assert found == {
        "s0": None,
        "s1": None,
        "s2": ("connection_lost", "agent"),
        "s3": ("no_reply", "agent"),
        "s4": None,
        "s5": ("unreadable_messages", "agent"),
    }
    answered = [turn for turn in folder.turns() if turn.status == "answered"]
    assert all(turn.reply_file is not None for turn in answered)
