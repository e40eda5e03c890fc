"""Measure response times with a real recognizer, with one session and with as many as the cores can serve.

The sessions speak continuously: replies are not paced, and the next recording follows at once. The processor time of
one session, with its engines, shows how many would occupy all cores; the guarantee is a share of that number. All steps
say the same recordings. Those in noise are left out: they take PocketSphinx longer, and the p95 would be that of a few.
"""

import asyncio
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from math import floor
from time import perf_counter

import numpy as np

from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.speaker import EncodedUtterance, Speaker, TimedTurn, speech_at_hand
from voicelab.analysis.bench.server.watch import Vitals
from voicelab.audio.opus import FRAME_S
from voicelab.engines.pool.cores import available_cores

_PART = "speech"
_MOST_OF_ENGINES = 1.3
_SHARE_OF_CORES = 0.8
_STEPS = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Share of the guaranteed number of sessions that is measured."""
_TIMES_AT_STEP = 2
"""Factor for the number of turns with several sessions; with 1, the p95 would depend on the four slowest turns."""


async def answers(address: str, turns: int, tick: Callable[[], None]) -> list[Measurement]:
    """Measure all figures. turns: with one session. tick: called for each turn, including skipped ones."""
    speech = (await speech_at_hand(clean=True))[:turns]
    before, start = await Vitals.of(address), perf_counter()
    alone = await _speaking(address, speech, 1, turns, tick)
    cores = ((await Vitals.of(address)).cpu_s - before.cpu_s) / (perf_counter() - start)
    rtf = sum(turn.metrics["asr_busy_s"] for turn in alone) / sum(turn.metrics["audio_s"] for turn in alone)
    ratio = float(np.median([turn.first_s for turn in alone]) / np.median([_engines_s(turn) for turn in alone]))
    promised = max(1, floor(_SHARE_OF_CORES * available_cores() / cores))
    alone_p50, alone_p95 = (_quantile_ms(alone, share) for share in (0.5, 0.95))
    what = "end of speech → first audio over its engines' time, p50s, 1 session"
    found = [
        Measurement(_PART, what, ratio, "", len(alone), most=_MOST_OF_ENGINES),
        Measurement(_PART, "real-time factor of the recognizer", rtf, "", len(alone)),
        Measurement(_PART, "cores of 1 session, with its engines", cores, "", len(alone)),
        Measurement(_PART, "end of speech → first audio, p50, 1 session", alone_p50, "ms", len(alone)),
        Measurement(_PART, "end of speech → first audio, p95, 1 session", alone_p95, "ms", len(alone)),
    ]
    most, steps = 1, 0
    for sessions in dict.fromkeys(max(2, round(share * promised)) for share in _STEPS):
        several = await _speaking(address, speech, sessions, _TIMES_AT_STEP * turns, tick)
        p95 = _quantile_ms(several, 0.95)
        what = f"end of speech → first audio, p95, {sessions} speaking sessions"
        found.append(Measurement(_PART, what, p95, "ms", len(several)))
        steps += 1
        if p95 >= 2 * alone_p95:
            break
        most = sessions
    for _ in range((len(_STEPS) - steps) * _TIMES_AT_STEP * turns):
        tick()  # skipped turns
    what = f"speaking sessions before that p95 doubles ({_SHARE_OF_CORES} × cores ÷ cores of one)"
    return [*found, Measurement(_PART, what, most, "sessions", steps, least=promised)]


def turns_in_all(turns: int) -> int:
    """Number of calls of tick by `answers`."""
    return turns * (1 + _TIMES_AT_STEP * len(_STEPS))


def _quantile_ms(turns: Sequence[TimedTurn], share: float) -> float:
    return 1000 * float(np.quantile([turn.first_s for turn in turns], share))


def _engines_s(turn: TimedTurn) -> float:
    """The time of the recognizer after the end of speech, of the agent, and of the first sentence's synthesis."""
    return float(sum(turn.metrics[name] for name in ("asr_s", "agent_s", "tts_first_s")))


async def _speaking(
    address: str, speech: Sequence[list[bytes]], sessions: int, turns: int, tick: Callable[[], None]
) -> list[TimedTurn]:
    """Run a number of turns in concurrent sessions; those without a transcript are left out."""
    waiting = islice(cycle(speech), turns)
    found: list[TimedTurn] = []

    async def one(number: int) -> None:
        # Staggered, because people do not start to speak at the same time.
        await asyncio.sleep(2 * number / sessions)
        async with Speaker.connect(address, "realtime") as speaker:
            for packets in waiting:
                turn = await speaker.say(EncodedUtterance("", packets, end_s=len(packets) * FRAME_S))
                found.extend([turn] if isinstance(turn, TimedTurn) else [])
                tick()

    await asyncio.gather(*(one(number) for number in range(sessions)))
    return found
