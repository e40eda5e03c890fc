"""Measure response times with a real recognizer, with one session and with as many as the cores can serve.

The sessions speak continuously: replies are not paced, and the next recording follows at once. The recognizers' load is
therefore sessions × real-time factor, except while sessions wait for answers. The guaranteed number of sessions does
not count the voice, so that must cost little beside the recognizer. All steps say the same recordings, because noisy
ones take the recognizer longer.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from math import floor

import numpy as np

from voicelab.analysis.bench.server.findings import Measurement
from voicelab.analysis.bench.server.recordings import speech_at_hand
from voicelab.analysis.bench.server.speaker import EncodedUtterance, Speaker, TimedTurn
from voicelab.audio.opus import FRAME_S
from voicelab.engines.pool.cores import available_cores

_PART = "speech"
_MOST_OF_ENGINES = 1.3
_SHARE_OF_CORES = 0.8
_STEPS = (0.5, 0.75, 1.0, 1.25, 1.5)
"""Share of the guaranteed number of sessions that is measured."""
_TIMES_AT_STEP = 2
"""How often several sessions say each recording; with once, the p95 would depend on the four slowest turns."""


@dataclass(frozen=True, slots=True)
class TimedReply:
    """A turn. first_s: end of speech → first audio. engines_s: recognizer's tail, agent, first sentence's synthesis.

    busy_s: the recognizer's total time. None for a turn without a transcript.
    """

    first_s: float
    engines_s: float
    audio_s: float
    busy_s: float


async def answers(address: str, turns: int, tick: Callable[[], None]) -> list[Measurement]:
    """Measure all figures. turns: with one session. tick: called for each turn, including skipped ones."""
    speech = (await speech_at_hand())[:turns]
    alone = await _speaking(address, speech, 1, turns, tick)
    rtf = sum(reply.busy_s for reply in alone) / sum(reply.audio_s for reply in alone)
    ratio = float(np.median([reply.first_s for reply in alone]) / np.median([reply.engines_s for reply in alone]))
    promised = max(1, floor(available_cores() / rtf * _SHARE_OF_CORES))
    alone_p95 = _p95_ms(alone)
    what = "end of speech → first audio over its engines' time, p50s, 1 session"
    found = [
        Measurement(_PART, what, ratio, "", len(alone), most=_MOST_OF_ENGINES),
        Measurement(_PART, "real-time factor of the recognizer", rtf, "", len(alone)),
        Measurement(_PART, "end of speech → first audio, p50, 1 session", _p50_ms(alone), "ms", len(alone)),
        Measurement(_PART, "end of speech → first audio, p95, 1 session", alone_p95, "ms", len(alone)),
    ]
    most, steps = 1, 0
    for sessions in dict.fromkeys(max(2, round(share * promised)) for share in _STEPS):
        replies = await _speaking(address, speech, sessions, _TIMES_AT_STEP * turns, tick)
        p95 = _p95_ms(replies)
        what = f"end of speech → first audio, p95, {sessions} speaking sessions"
        found.append(Measurement(_PART, what, p95, "ms", len(replies)))
        steps += 1
        if p95 >= 2 * alone_p95:
            break
        most = sessions
    for _ in range((len(_STEPS) - steps) * _TIMES_AT_STEP * turns):
        tick()  # skipped turns
    what = f"speaking sessions before that p95 doubles (cores ÷ RTF × {_SHARE_OF_CORES})"
    return [*found, Measurement(_PART, what, most, "sessions", steps, least=promised)]


def turns_in_all(turns: int) -> int:
    """Number of calls of tick by `answers`."""
    return turns * (1 + _TIMES_AT_STEP * len(_STEPS))


def _p50_ms(replies: Sequence[TimedReply]) -> float:
    return 1000 * float(np.median([reply.first_s for reply in replies]))


def _p95_ms(replies: Sequence[TimedReply]) -> float:
    return 1000 * float(np.quantile([reply.first_s for reply in replies], 0.95))


async def _speaking(
    address: str, speech: Sequence[list[bytes]], sessions: int, turns: int, tick: Callable[[], None]
) -> list[TimedReply]:
    """Run a number of turns in concurrent sessions."""
    waiting = islice(cycle(speech), turns)
    replies: list[TimedReply] = []

    async def one(number: int) -> None:
        # Staggered, because people do not start to speak at the same time.
        await asyncio.sleep(2 * number / sessions)
        async with Speaker.connect(address, "realtime") as speaker:
            for packets in waiting:
                turn = await speaker.say(EncodedUtterance("", packets, end_s=len(packets) * FRAME_S))
                replies.extend([_timed(turn)] if isinstance(turn, TimedTurn) else [])
                tick()

    await asyncio.gather(*(one(number) for number in range(sessions)))
    return replies


def _timed(turn: TimedTurn) -> TimedReply:
    stages = turn.metrics
    engines_s = stages["asr_s"] + stages["agent_s"] + stages["tts_first_s"]
    return TimedReply(turn.first_s, engines_s, stages["audio_s"], stages["asr_busy_s"])
