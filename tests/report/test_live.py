"""The live view of a run: progress, figures so far with intervals, the last turns with audio, and how to continue."""

import IPython.display
import pytest

from tests.support.compared_runs import ALIKE, SAID, hears, written
from tests.support.tones import tone
from voicelab.audio.opus import encode_ogg
from voicelab.report.live import LiveView


@pytest.fixture
def shown(monkeypatch):
    """All updates of the cell's output."""
    bundles = []

    class Handle:
        def update(self, bundle, raw):
            bundles.append(bundle)

    def display(bundle, raw, display_id):
        bundles.append(bundle)
        return Handle()

    monkeypatch.setattr(IPython.display, "display", display)
    return bundles


@pytest.fixture
def made(tmp_path):
    """A run whose last turn has a reply to play."""
    run, turns = hears(SAID, ALIKE, speakers="abcdefgh")
    folder = tmp_path / run.run_id
    reply = folder / "audio" / "reply.ogg"
    turns[-1] = turns[-1].model_copy(update={"reply_file": "audio/reply.ogg", "text": "<b>said</b>"})
    written(folder, (run, turns))
    reply.write_bytes(encode_ogg(tone(0.2)))
    return folder, turns


def test_it_shows_figures_with_intervals_and_the_last_turns_with_sound(made, shown):
    folder, turns = made
    view = LiveView(folder)
    view(0, len(turns))
    for number, turn in enumerate(turns, start=1):
        view(number, len(turns), turn)
    last = shown[-1]
    assert last["text/plain"].startswith(f"{len(turns)} of {len(turns)} turns")
    assert "word error rate (WER) 0." in last["text/plain"]
    assert "[0." in last["text/plain"]
    assert "95 % interval" in last["text/html"]
    assert last["text/html"].count('<audio controls src="data:audio/ogg;base64,') == 1
    assert "&lt;b&gt;said&lt;/b&gt;" in last["text/html"]
    assert "interrupt the kernel" in shown[0]["text/html"]
    assert "interrupt the kernel" not in last["text/html"]


def test_a_stopped_run_says_how_to_go_on(made, shown):
    folder, turns = made
    view = LiveView(folder)
    view.stopped()
    assert shown[-1]["text/plain"] == (
        f'stopped; {len(turns)} turns are saved; continue: run = voicelab.resume("{folder}")'
    )
    LiveView(folder / "nowhere").stopped()
    assert len(shown) == 1


def test_it_never_stops_a_run_that_it_cannot_read(tmp_path, shown):
    LiveView(tmp_path / "not-there-yet")(0, 5)
    assert shown[-1]["text/plain"] == "0 of 5 turns"
