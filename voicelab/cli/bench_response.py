"""`voicelab bench response`: response times with several people speaking at once."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from voicelab.cli import options, terminal
from voicelab.cli.bench_endpoint import interval_text
from voicelab.cli.bench_server import progress_bars
from voicelab.errors import InputError

if TYPE_CHECKING:
    from voicelab.analysis.bench.server.response import ResponseTimes, Stage

_STAGES: tuple[Stage, ...] = ("ended_s", "heard_s", "text_s", "first_s")
_FIRST_COLUMNS = ("speakers", "turns", "p50", "95 %", "p95", "95 %", "of one's p95")
_STAGE_COLUMNS = ("speakers", "end decided", "transcript", "reply text", "first sound", "cut off", "unheard")


def response(
    mode: Annotated[
        Literal["realtime", "continuous"],
        typer.Option(help="realtime: the client ends its turns. continuous: the server detects their ends."),
    ] = "realtime",
    speakers: Annotated[
        list[int] | None,
        typer.Option(min=1, max=64, help="People speaking at once; may be repeated. \\[default: 1, 2 and 4]"),
    ] = None,
    asr: options.RecognizerOption = None,
    agent: options.AgentOption = None,
    tts: options.VoiceOption = None,
    turn_end: Annotated[
        str, typer.Option(help="End of turn in continuous mode, as the server's TURN_END.")
    ] = "prosody",
    speculative_start: Annotated[
        bool, typer.Option(help="Begin answers early in continuous mode, as the server's SPECULATIVE_START.")
    ] = True,
    samples: options.SamplesOption = None,
    ref_column: options.RefColumnOption = None,
    id_column: options.IdColumnOption = None,
    speaker_column: options.SpeakerColumnOption = None,
    audio_column: options.AudioColumnOption = None,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help="Maximum number of recordings; each is said once per row.")
    ] = 80,
    seed: Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Seed of the noise in continuous mode.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the figures as JSON.")] = False,
) -> None:
    """Measure the time from the end of speech to the first sound of the reply, with several people speaking at once.

    It starts a server with these engines. The speakers share the recordings; each waits for the whole reply, which is
    not played, and then says the next one. Clients and server share this machine, so measure on an idle one.

    Example: voicelab bench response --mode continuous --speakers 1 --speakers 4
    """
    from voicelab.analysis.bench.server import response as measure
    from voicelab.runs.records import RunSpec
    from voicelab.targets.own_server import own_server
    from voicelab.targets.voicelab_server import ENGINE_CATALOGS
    from voicelab.vad.turn_end.catalog import TURN_ENDS

    TURN_ENDS.config(turn_end)
    given = {"asr": asr, "agent": agent, "tts": tts}
    engines = {name: value for name, value in given.items() if value is not None}
    for catalog in ENGINE_CATALOGS:
        if catalog.kind in engines:
            catalog.config(engines[catalog.kind])
    whole = options.load_set(samples, ref_column, id_column, speaker_column, audio_column)
    recordings = whole.only(limit=limit).spoken
    if not recordings:
        raise InputError(f"{samples}: no sample has speech")
    spec = RunSpec.model_validate({"samples": "none", **engines})
    steps = speakers or [1, 2, 4]
    said = measure.utterances(recordings, mode, seed)

    async def measured(folder: Path) -> list[ResponseTimes]:
        settings = {"TURN_END": turn_end, "SPECULATIVE_START": str(speculative_start).lower()}
        async with own_server(spec, folder, **settings) as server:
            with progress_bars() as bar:
                tick = bar(len(steps) * len(said), "turns")
                return await measure.response_times(server.address, mode, said, steps, tick)

    with tempfile.TemporaryDirectory(prefix="voicelab-bench-") as folder:
        found = asyncio.run(measured(Path(folder)))
    chosen: dict[str, str | bool | None] = {"mode": mode, "asr": spec.asr, "agent": spec.agent, "tts": spec.tts}
    if mode == "continuous":
        chosen |= {"turn_end": turn_end, "speculative_start": speculative_start}
    if as_json:
        terminal.print_json({"options": chosen, "rows": [_figures(one) for one in found]})
        return
    about = ", ".join(str(value) for name, value in chosen.items() if name != "speculative_start")
    early = "" if speculative_start or mode == "realtime" else ", no speculative start"
    _show(found, f"{about}{early}")


def _show(found: Sequence[ResponseTimes], about: str) -> None:
    alone_s = next((one.quantile_s("first_s", 0.95) for one in found if one.speakers == 1), None)
    firsts, stages = [], []
    for one in found:
        p95_s = one.quantile_s("first_s", 0.95)
        ratio = "-" if not alone_s or p95_s is None else f"{p95_s / alone_s:.2f}"
        intervals = [interval_text(one.interval("first_s", share)) for share in (0.5, 0.95)]
        p50_s = terminal.number(one.quantile_s("first_s", 0.5))
        firsts.append(
            (str(one.speakers), str(len(one.turns)), p50_s, intervals[0], terminal.number(p95_s), intervals[1], ratio)
        )
        medians = [terminal.number(one.quantile_s(stage, 0.5)) for stage in _STAGES]
        stages.append((str(one.speakers), *medians, str(one.cut), str(one.unheard)))
    terminal.table(f"end of speech to first sound, in seconds; {about}; intervals by recording", _FIRST_COLUMNS, firsts)
    terminal.table("medians from the end of speech, and recordings without a time", _STAGE_COLUMNS, stages)


def _figures(one: ResponseTimes) -> dict[str, object]:
    found: dict[str, object] = {
        "speakers": one.speakers, "turns": len(one.turns), "cut": one.cut, "unheard": one.unheard,
    }  # fmt: skip
    for stage in _STAGES:
        points: dict[str, object] = {}
        for name, share in (("p50", 0.5), ("p95", 0.95)):
            interval = one.interval(stage, share)
            points[name] = one.quantile_s(stage, share)
            points[f"{name}_interval"] = None if interval is None else (interval.low, interval.high)
        found[stage] = points
    return found
