"""Response times of several speakers: events count from the end of speech, and a turn that was cut off has no time."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner

from tests.support.serving import Served, serving
from tests.support.tones import tone
from tests.support.voices import in_a_room
from voicelab.analysis.bench.server import speaker
from voicelab.analysis.bench.server.response import ResponseTimes, response_times, utterances
from voicelab.analysis.bench.server.speaker import EncodedUtterance, NoAnswer, Speaker, TimedTurn
from voicelab.audio.opus import FRAME_S, encode_packets
from voicelab.cli.main import app
from voicelab.datasets import load
from voicelab.paths import shipped

FASTER = 5
SILENCE_S = 0.6


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(speaker, "_PACE_S", FRAME_S / FASTER)
    monkeypatch.setattr(speaker, "_UNNOTICED_S", 10.0)
    monkeypatch.setattr("voicelab.analysis.bench.server.response._STAGGER_S", 0.1)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(
        tmp_path_factory.mktemp("served"), vad="energy", turn_end=f"silence:silence_s={SILENCE_S}",
        asr="fake:text=tell me more", agent="fake:text=One is here.", tts="fake:words_per_s=50", realtime_slack_s=60,
    ) as found:  # fmt: skip
        yield found


def said(*parts: Any, end_s: float, key: str = "a") -> EncodedUtterance:
    """Tones and pauses, with a room's noise under them and after them."""
    sound, after = in_a_room(0.3, *parts, after_s=1.0), in_a_room(after_s=1.0)
    return EncodedUtterance(key, encode_packets(sound), end_s, encode_packets(after))


ONE = said(tone(0.8), end_s=1.1)


async def test_events_of_a_detected_turn_count_from_the_end_of_speech(served: Served) -> None:
    async with Speaker.connect(served.http, "continuous") as one:
        first, second = await one.say(ONE), await one.say(ONE)
    for turn in (first, second):
        assert isinstance(turn, TimedTurn)
        assert SILENCE_S / FASTER * 0.8 < turn.ended_s <= turn.heard_s <= turn.text_s <= turn.first_s
        assert turn.metrics["asr_s"] >= 0


async def test_a_turn_that_ends_in_a_pause_is_a_cut_off_and_silence_is_unheard(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Speaker.connect(served.http, "continuous") as one:
        assert await one.say(said(tone(0.8), 1.2, tone(0.8), end_s=3.1)) is NoAnswer.CUT
        assert isinstance(await one.say(ONE), TimedTurn), "the next recording is a turn of its own"
        monkeypatch.setattr(speaker, "_UNNOTICED_S", 0.2)
        assert await one.say(said(0.2, end_s=0.5)) is NoAnswer.UNHEARD


async def test_speakers_share_the_recordings_and_each_is_said_once(served: Served) -> None:
    recordings = [said(tone(0.4), end_s=0.7, key=key) for key in "abcde"]
    ticks: list[int] = []
    one, three = await response_times(served.http, "realtime", recordings, [1, 3], lambda: ticks.append(1))
    assert len(ticks) == 10
    for found, speakers in ((one, 1), (three, 3)):
        assert (found.speakers, found.cut, found.unheard) == (speakers, 0, 0)
        assert sorted(turn.key for turn in found.turns) == list("abcde")
        assert all(turn.ended_s is None and 0 < turn.heard_s <= turn.first_s for turn in found.turns)


def times(count: int) -> ResponseTimes:
    turns = tuple(TimedTurn(str(one), None, 0.1, 0.2, one / 100, {}) for one in range(count))
    return ResponseTimes(1, turns, cut=2, unheard=1)


def test_a_quantile_needs_turns_and_its_interval_more() -> None:
    assert (times(19).quantile_s("first_s", 0.95), times(0).quantile_s("first_s", 0.5)) == (None, None)
    assert times(41).quantile_s("first_s", 0.95) == pytest.approx(0.38)
    assert times(41).interval("first_s", 0.95) is None
    found = times(101).interval("first_s", 0.95)
    assert found is not None
    assert found.low < 0.95 < found.high
    assert times(41).quantile_s("ended_s", 0.5) is None


def test_the_end_of_speech_is_in_the_recording() -> None:
    samples = load(shipped("voice_samples")).spoken[:1]
    (recorded,) = utterances(samples, "realtime", 0)
    assert recorded.end_s == pytest.approx(samples[0].clip().duration_s, abs=0.001)
    (noisy,) = utterances(samples, "continuous", 0)
    assert len(noisy.packets) * FRAME_S == pytest.approx(noisy.end_s + 3.0, abs=0.05)
    assert len(noisy.background) * FRAME_S == pytest.approx(1.5, abs=0.05)


def test_the_command_prints_each_number_of_speakers_beside_one(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    @asynccontextmanager
    async def started(spec: Any, _folder: Path, **settings: str) -> AsyncIterator[Any]:
        seen.update(settings, asr=spec.asr)
        yield SimpleNamespace(address="http://nowhere")

    async def measured(_address: str, mode: str, said: Any, speakers: Any, tick: Any) -> list[ResponseTimes]:
        seen.update(mode=mode, said=len(said))
        return [ResponseTimes(number, times(30 * number).turns, 0, number) for number in speakers]

    monkeypatch.setattr("voicelab.targets.own_server.own_server", started)
    monkeypatch.setattr("voicelab.analysis.bench.server.response.response_times", measured)
    monkeypatch.setattr("voicelab.analysis.bench.server.response.utterances", lambda samples, *_: list(samples))
    arguments = ["bench", "response", "--asr", "fake", "--limit", "2", "--turn-end", "words", "--no-speculative-start"]
    done = CliRunner().invoke(app, [*arguments, "--mode", "continuous", "--json"])
    assert done.exit_code == 0, done.output
    written = json.loads(done.stdout)
    assert [row["speakers"] for row in written["rows"]] == [1, 2, 4]
    assert written["rows"][2]["first_s"]["p95"] == pytest.approx(1.1305)
    assert seen == {
        "TURN_END": "words", "SPECULATIVE_START": "false", "asr": "fake", "mode": "continuous", "said": 2,
    }  # fmt: skip
    done = CliRunner().invoke(app, [*arguments, "--speakers", "1", "--speakers", "2"])
    assert done.exit_code == 0, done.output
    assert "2.03" in done.output, "p95 of two over one's: 0.5605 / 0.2755"


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--asr", "nope"], "unknown asr engine 'nope'"),
        (["--turn-end", "nope"], "unknown turn_end engine 'nope'"),
        (["--mode", "burst"], "realtime"),
        (["--speakers", "0"], "speakers"),
    ],
)
def test_wrong_options_of_the_response_bench_are_named(options: list[str], says: str) -> None:
    done = CliRunner().invoke(app, ["bench", "response", *options])
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())
