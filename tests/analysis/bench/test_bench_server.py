"""The server benchmark reports each figure with its guarantee. Durations are not checked."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from tests.support.command_line import voicelab
from voicelab import datasets
from voicelab.analysis.bench.server import bare, latency, load, remains, speaker, speech
from voicelab.analysis.bench.server.bench import PARTS, Part, Sizes
from voicelab.analysis.bench.server.findings import Measurement, quantiles_ms
from voicelab.analysis.bench.server.watch import Vitals
from voicelab.cli.bench_server import _PARTS
from voicelab.engines.pool.cores import available_cores

SMALL = replace(
    Sizes(), turns=5, interrupts=3, interrupting=(2,), speaking=3, speaking_vad=2, load_step_s=1.5,
    idle_connections=50, idle_s=0.2, churn=250, speech_turns=1,
)  # fmt: skip


@contextmanager
def _short() -> Iterator[None]:
    """Skip waits and steps that only reduce the variance of figures."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(load, "_WARM_UP_S", 0.5)
        patch.setattr(remains, "_GIVES_BACK_S", 0.1)
        patch.setattr(remains, "_AT_ONCE", 10)
        patch.setattr(speaker, "load", lambda folder: datasets.load(folder).only(limit=3))
        patch.setattr(speech, "_STEPS", (0.5,))
        patch.setattr(load, "_STEPS", (0.25,))
        patch.setattr(load, "STEPS_IN_ALL", 2)
        patch.setattr(latency, "_SPEAKS_S", 0.1)
        yield


async def measured(part: str, folder: Path) -> dict[str, Measurement]:
    """The findings of a small run by name, after checking that every progress bar was completed."""
    bars = []

    def bar(steps: int, label: str):
        bars.append([label, steps])
        at = len(bars) - 1

        def tick() -> None:
            bars[at][1] -= 1

        return tick

    found = await PARTS[part].run(SMALL, folder, bar)
    assert all(left == 0 for _, left in bars), bars
    assert {finding.part for finding in found} == {part}
    return {finding.what: finding for finding in found}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Measurement]]:
    """The findings of all parts. They run at once, each with its own server, because they mostly wait."""
    with _short():
        parts = await asyncio.gather(*(measured(part, tmp_path_factory.mktemp(part)) for part in PARTS))
    return dict(zip(PARTS, parts, strict=True))


def test_what_the_server_adds_and_how_fast_it_stops(found):
    part = found["latency"]
    what = "end of speech → first audio, less the engines' time, 1 session"
    added = part[f"{what}: p50"]
    assert added.count == 5
    assert 0 < added.value < part[f"{what}: worst"].value * 1.01
    round_trip = part["round trip of a bare WebSocket server: p50"]
    assert 0 < round_trip.value < added.value, "the server does the same and more"
    for quantile, most in (("p50", 10), ("p95", 20)):
        ratio = part[f"{what}: {quantile}, over that round trip"]
        assert ratio.value == pytest.approx(part[f"{what}: {quantile}"].value / round_trip.value)
        assert ratio.most == most
    stopped = part["interrupt → last chunk of that reply, 2 sessions: p99"]
    assert (stopped.count, stopped.most) == (6, 100.0)
    assert part["interrupt → interrupted, 2 sessions: p50"].value > 0


@pytest.mark.parametrize("about", ["without VAD", "with VAD"])
def test_how_many_can_speak_at_once(found, about):
    part = found["load"]
    transits = {what: one for what, one in part.items() if what.startswith("transit p99") and f" {about}" in what}
    first, *more = transits.values()
    assert first.value > 0
    assert first.count >= 2
    (most,) = [one for what, one in part.items() if what.startswith(f"paced Opus sessions {about} with transit")]
    passed = [int(what.split()[2]) for what, one in transits.items() if one.value < 20]
    assert most.value == max(passed, default=0)
    assert most.count == 1 + len(more)
    assert most.least >= 1


def test_the_cost_of_voice_activity_detection_is_a_ratio(found):
    ratio = found["load"]["processor time of a paced Opus session with VAD over one without"]
    assert (ratio.most, ratio.count) == (3.0, 2)
    assert ratio.value > 0


async def test_sessions_are_added_until_the_audio_is_late(monkeypatch):
    taken = []

    async def step(_address, _mode, _speech, count, _step_s):
        taken.append(count)
        return load.LoadStep(count, [count / 3], [], spoken=1.0, cores=0.02 * count)

    async def nothing(*_, **__):
        return []

    monkeypatch.setattr(load, "_step", step)
    monkeypatch.setattr(load, "speech_at_hand", nothing)
    ticks = []
    first, found = await load.most_sessions("", "continuous", 10, 1.0, lambda: ticks.append(1))
    assert (first.sessions, len(ticks)) == (10, load.STEPS_IN_ALL)
    assert taken == [10, 20, 30, 40, 50, 60], "0.8 of a core are 40 sessions; transit is 20 ms at 60"
    assert (found[-1].value, found[-1].least, found[-1].is_met) == (50, 40, True)


def test_the_processor_time_is_compared_with_a_bare_servers(found):
    ratio = found["load"]["processor time of 3 paced Opus sessions without VAD over a bare WebSocket server's"]
    assert ratio.most == 5.0
    assert ratio.value > 1, "the server does the same and more"


async def test_a_failed_client_of_the_bare_server_ends_the_comparison(monkeypatch):
    async def fail(*_):
        raise ConnectionRefusedError("no server")

    monkeypatch.setattr(bare, "_speak", fail)
    with pytest.raises(ConnectionRefusedError, match="no server"):
        await bare.cores_per_session([[b"packet"]], 2, 0.1)


def test_what_connections_leave_behind(found):
    part = found["memory"]
    for what in ("connections", "file descriptors", "threads", "tasks"):
        assert part[f"{what} more than before"].value == 0
    assert part["memory of an idle connection"].count == 50


def test_a_real_recognizer_is_held_against_its_own_time(found):
    part = found["speech"]
    ratio = part["end of speech → first audio over its engines' time, p50s, 1 session"]
    # Slightly below 1 where the engines start before the end of speech is certain.
    assert ratio.value > 0.5, "the engines are a part of it"
    assert 0.01 < part["real-time factor of the recognizer"].value < 20
    cores = part["cores of 1 session, with its engines"].value
    assert cores > 0
    assert part["speaking sessions before that p95 doubles (0.8 × cores ÷ cores of one)"].least == max(
        1, int(0.8 * available_cores() / cores)
    )


def test_a_finding_is_met_within_its_limits():
    finding = Measurement("part", "what", 5.0, "ms", 1)
    assert finding.is_met is None
    assert [replace(finding, most=most).is_met for most in (4.9, 5.0)] == [False, True]
    assert [replace(finding, least=least).is_met for least in (5.0, 5.1)] == [True, False]
    p50, worst = quantiles_ms("part", "what", [0.001, 0.002, 0.009], {0.5: 2.0})
    assert (p50.what, p50.value, p50.is_met) == ("what: p50", pytest.approx(2.0), True)
    assert (worst.what, worst.value, worst.is_met) == ("what: worst", pytest.approx(9.0), None)


def test_the_command_prints_figures_and_writes_what_made_them(monkeypatch, tmp_path):
    async def instead(sizes, _folder, bar):
        assert sizes.turns == 20, "--quick"
        bar(1, "a bar")()
        return [
            Measurement("memory", "a figure", 7.0, "ms", 3, most=5.0),
            Measurement("memory", "another", 0.5, "", 3, least=0.25),
        ]

    monkeypatch.setitem(PARTS, "memory", Part("what connections leave", instead))
    arguments = ["bench", "server", "--quick", "--part", "memory", "--json", str(tmp_path / "figures.json")]
    done = voicelab(*arguments)
    assert done.exit_code == 0, done.output
    assert "at most 5" in done.output
    assert "MISSED" in done.output
    written = json.loads((tmp_path / "figures.json").read_text())
    assert [row["is_met"] for row in written["findings"]] == [False, True]
    assert {"code", "packages", "machine", "load_before"} < set(written)
    checked = voicelab(*arguments, "--check")
    assert checked.exit_code == 1
    assert "missed: a figure" in " ".join(checked.output.split())


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--part", "speed"], "known: latency, load, memory, speech"),
        (["--json", "/no/such/folder/f.json"], "create the folder"),
    ],
)
def test_wrong_options_are_said(arguments, says):
    done = voicelab("bench", "server", *arguments)
    assert done.exit_code == 2
    assert says in " ".join(done.output.split())


def test_the_help_names_every_part():
    assert tuple(PARTS) == _PARTS


async def test_a_figure_that_the_server_does_not_tell_is_not_taken_for_nothing(monkeypatch):
    page = "voicelab_tasks 6\nvoicelab_threads 19\nvoicelab_connections 0\n"
    answer = httpx.Response(200, text=page, request=httpx.Request("GET", "http://server/metrics"))

    async def get(*_: object) -> httpx.Response:
        return answer

    monkeypatch.setattr(httpx.AsyncClient, "get", get)
    with pytest.raises(KeyError, match="process_resident_memory_bytes"):
        await Vitals.of("http://server")
