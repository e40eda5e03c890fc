"""The events of a turn."""

from dataclasses import dataclass

from voicelab.agent.base import Reply
from voicelab.asr.base import Transcript


@dataclass(frozen=True, slots=True)
class Recognition:
    """The transcript of the request."""

    transcript: Transcript


@dataclass(frozen=True, slots=True)
class AgentAnswer:
    """The agent's complete reply, before any of its actions is executed."""

    heard: str
    reply: Reply


@dataclass(frozen=True, slots=True)
class SpokenReply:
    """A chunk of the reply's audio. last: it is the final one. starts_s, ends_s: its position in the reply."""

    data: bytes
    last: bool
    starts_s: float
    ends_s: float


TurnEvent = Recognition | AgentAnswer | SpokenReply
