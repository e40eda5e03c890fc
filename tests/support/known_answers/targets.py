"""The targets of the table, with their specifications and supported behaviours."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from tests.support.known_answers.behaviours import BEHAVIOURS, TRAILING_S, Behaviour
from tests.support.known_answers.call import AgentWire
from tests.support.known_answers.plain_agents import HTTPAgentWire, WyomingAgentWire
from tests.support.known_answers.wires import (
    ChirpAgentWire,
    PhoneAgentWire,
    RealtimeAgentWire,
    RTVIAgentWire,
    VoicelabAgentWire,
)
from voicelab.targets.phone_dialects import phone_dialects

_ALL = tuple(BEHAVIOURS)
_NOT_INTERRUPTED = tuple(name for name in BEHAVIOURS if name != "stops")


@dataclass(frozen=True)
class KnownTarget:
    """A target. spec: its specification, with {port}. wire: the agent's side. behaviours: those the protocol supports.

    hears_at_once: the whole recording is uploaded when it has ended, so the agent cannot answer before that. held_s:
    sound that an encoder holds back until it gets more, which makes a pause longer.
    """

    spec: str
    wire: Callable[[], AgentWire]
    transport: Literal["websocket", "tcp", "http"] = "websocket"
    behaviours: tuple[str, ...] = _ALL
    hears_at_once: bool = False
    held_s: float = 0.0


_REALTIME = "openai-realtime:url=ws://127.0.0.1:{port}/v1/realtime,key_env=VOICELAB_NO_KEY"
_PATIENT = "quiet_s=3.5"
"""Without an end mark, a stutter of 2.5 s would end a reply after the default 1.5 s of silence."""

TARGETS: Mapping[str, KnownTarget] = {
    # Opus holds back a packet of 20 ms and its delay of 6.5 ms.
    "voicelab": KnownTarget("http://127.0.0.1:{port}", VoicelabAgentWire, behaviours=_NOT_INTERRUPTED, held_s=0.0265),
    "openai-realtime": KnownTarget(_REALTIME, RealtimeAgentWire),
    "openai-realtime, mulaw": KnownTarget(f"{_REALTIME},encoding=mulaw", lambda: RealtimeAgentWire("mulaw")),
    "openai-realtime, beta": KnownTarget(f"{_REALTIME},version=beta", lambda: RealtimeAgentWire(beta=True)),
    "rtvi, JSON": KnownTarget("rtvi:url=ws://127.0.0.1:{port},format=json", lambda: RTVIAgentWire(protobuf=False)),
    "rtvi, protobuf": KnownTarget("rtvi:url=ws://127.0.0.1:{port}", lambda: RTVIAgentWire(protobuf=True)),
    **{
        f"twilio, {name}": KnownTarget(
            f"twilio:url=ws://127.0.0.1:{{port}},dialect={name},{_PATIENT}", lambda name=name: PhoneAgentWire(name)
        )
        for name in phone_dialects()
    },
    "map:chirp": KnownTarget(f"map:chirp,url=ws://127.0.0.1:{{port}},{_PATIENT}", ChirpAgentWire),
    "map:voicelab": KnownTarget(
        "map:voicelab,url=ws://127.0.0.1:{port}", lambda: VoicelabAgentWire(plain=True), behaviours=_NOT_INTERRUPTED
    ),
    "wyoming": KnownTarget("wyoming:url=tcp://127.0.0.1:{port}", WyomingAgentWire, "tcp", _NOT_INTERRUPTED),
    "http": KnownTarget(
        "http:url=http://127.0.0.1:{port}/turn,field=",
        HTTPAgentWire,
        "http",
        ("delay", "delay and silence"),
        hears_at_once=True,
    ),
}


@dataclass(frozen=True)
class Case:
    """One conversation. trailing_s: silence at the end of the caller's recording."""

    target: str
    behaviour: str
    trailing_s: float = 0.0

    @property
    def known(self) -> KnownTarget:
        return TARGETS[self.target]

    @property
    def set(self) -> Behaviour:
        return BEHAVIOURS[self.behaviour]


def cases_of(target: str) -> list[Case]:
    """Every behaviour of a target; those of plain answers with each trailing silence."""
    plain = ("delay", "delay and silence")
    return [
        Case(target, name, trailing_s)
        for name in TARGETS[target].behaviours
        for trailing_s in (TRAILING_S if name in plain else TRAILING_S[:1])
    ]
