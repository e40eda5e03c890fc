"""A speaker of a benchmark: says recordings to a server at a microphone's pace, and times the replies."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from itertools import chain, cycle
from pathlib import Path
from time import perf_counter
from typing import Any, Self

from voicelab.analysis.bench.server.talker import PATIENCE_S, Mode, Talker, chunk_frame, chunk_frames, running
from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.audio.opus import FRAME_S, encode_packets
from voicelab.datasets import load
from voicelab.errors import ServerError
from voicelab.paths import shipped

_PACE_S = FRAME_S
"""Time between two packets."""
_UNNOTICED_S = 3.0
"""Time after the end of speech at which an end of turn that was not detected counts as missed."""


async def speech_at_hand(pause_s: float = 0.0, *, clean: bool = False) -> list[list[bytes]]:
    """Prepare the shipped recordings as Opus packets, each followed by a pause.

    clean: only those without babble, a telephone band or distance. Freezes the garbage collector's objects, because
    collecting them would pause the client during measurements.
    """
    speech = await asyncio.to_thread(_encoded, pause_s, clean)
    gc.collect()
    gc.freeze()
    return speech


def _encoded(pause_s: float, clean: bool) -> list[list[bytes]]:
    found = load(shipped("voice_samples"))
    left_out = _ids_under_conditions(found.path) if clean else set()
    clips = [sample.clip().at_rate(SPEECH_RATE_HZ) for sample in found.spoken if sample.id not in left_out]
    return [encode_packets(Clip.join([clip, Clip.silence(pause_s)])) for clip in clips]


def _ids_under_conditions(path: Path) -> set[str]:
    categories = json.loads(path.read_text(encoding="utf-8"))["samples"].values()
    return {row["id"] for rows in categories for row in rows if "condition" in row}


@dataclass(frozen=True, slots=True)
class EncodedUtterance:
    """A recording as Opus packets.

    end_s: the end of its speech, in seconds from its start. background: packets that follow it in continuous mode,
    repeated until the reply is complete.
    """

    key: str
    packets: Sequence[bytes]
    end_s: float
    background: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class TimedTurn:
    """When the events of a turn arrived, in seconds from the end of speech.

    ended_s: the decision that the turn is over; None in realtime mode, where the client decides. heard_s: transcript.
    text_s: text of the reply. first_s: first audio. metrics: the data of `turn_metrics`.
    """

    key: str
    ended_s: float | None
    heard_s: float
    text_s: float
    first_s: float
    metrics: Mapping[str, Any]


class NoAnswer(Enum):
    """The reason why a recording has no TimedTurn: its turn was cut off before its end, or no words were recognized."""

    CUT = "cut off"
    UNHEARD = "nothing recognized"


class Speaker:
    """One session. Use `connect`, then `say` one recording after another."""

    def __init__(self, talker: Talker, mode: Mode) -> None:
        self._talker = talker
        self._mode = mode
        self._sent = 0

    @classmethod
    @asynccontextmanager
    async def connect(cls, address: str, mode: Mode) -> AsyncIterator[Self]:
        """Connect to the server at http://host:port. Replies are sent as fast as they are made."""
        events = ["turn_metrics", *(["speech_stopped"] if mode == "continuous" else [])]
        async with Talker.connect(address, mode=mode, events=events, paced=False, turn_ids=True) as talker:
            yield cls(talker, mode)

    async def say(self, utterance: EncodedUtterance) -> TimedTurn | NoAnswer:
        """Say a recording and wait for the whole reply. Raises ServerError for other errors of the server."""
        if self._mode == "realtime":
            await self._send([*chunk_frames(utterance.packets[:-1]), chunk_frame(utterance.packets[-1], is_final=True)])
            return await self._reply(utterance, perf_counter())
        # As with a microphone, a packet leaves when its last sample was recorded.
        end_s = perf_counter() + utterance.end_s / FRAME_S * _PACE_S
        end_in_stream_s = self._sent * FRAME_S + utterance.end_s
        packets = chain(utterance.packets, cycle(utterance.background))
        frames = (chunk_frame(packet, is_final=False) for packet in packets)
        async with running([self._send(frames)]):
            found = await self._detected(utterance, end_s, end_in_stream_s)
        # The server believes that the client still plays the reply, and would ignore the next utterance.
        await self._talker.send("interrupt")
        await self._talker.until("interrupted")
        return found

    async def _send(self, frames: Iterable[str]) -> None:
        due_s = perf_counter()
        for frame in frames:
            due_s += _PACE_S
            await asyncio.sleep(due_s - perf_counter())
            await self._talker.socket.send(frame)
            self._sent += 1

    async def _detected(
        self, utterance: EncodedUtterance, end_s: float, end_in_stream_s: float
    ) -> TimedTurn | NoAnswer:
        """The reply to the turn that the server detects after the end of speech; an earlier turn is a cut-off."""
        is_cut = False
        while True:
            left_s = end_s + _UNNOTICED_S - perf_counter()
            try:
                async with asyncio.timeout(left_s):
                    stopped = await self._talker.until("speech_stopped")
            except TimeoutError:
                return NoAnswer.CUT if is_cut else NoAnswer.UNHEARD
            if stopped["at_s"] + stopped["silence_s"] < end_in_stream_s:
                is_cut = True
                continue
            found = await self._reply(utterance, end_s, stopped["turn_id"], perf_counter() - end_s)
            return NoAnswer.CUT if is_cut else found

    async def _reply(
        self, utterance: EncodedUtterance, end_s: float, turn_id: str | None = None, ended_s: float | None = None
    ) -> TimedTurn | NoAnswer:
        """Read a reply to its end. turn_id: skip the events of other turns; None: there are no other turns."""
        arrived_s: dict[str, float] = {}
        metrics: Mapping[str, Any] = {}
        async with asyncio.timeout(PATIENCE_S):
            while True:
                name, data = await self._talker.receive()
                if turn_id not in (None, data.get("turn_id")):
                    continue
                arrived_s.setdefault(name, perf_counter() - end_s)
                if name == "error" and data["code"] == "no_speech":
                    return NoAnswer.UNHEARD
                if name == "error":
                    raise ServerError(data["code"], data["message"])
                if name == "turn_metrics":
                    metrics = data
                if name == "audio_chunk" and data["is_final"]:
                    break
        heard_s, text_s, first_s = (arrived_s[name] for name in ("transcription", "agent_response", "audio_chunk"))
        return TimedTurn(utterance.key, ended_s, heard_s, text_s, first_s, metrics)
