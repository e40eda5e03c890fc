"""What a caller says while the agent's reply sounds."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

OverReplyKind = Literal["interruption", "backchannel", "vocal_tic", "non_directed"]
"""An interruption is a turn, for which the agent should stop. It should talk through the others: words such as "mhm",
coughs and fillers, and speech to other people.
"""
OVER_REPLY_KINDS: tuple[str, ...] = get_args(OverReplyKind)


@dataclass(frozen=True, slots=True)
class OverReply:
    """A recording that is played over the reply to a sample. after_s: seconds from the first sound of the reply."""

    audio_path: Path
    kind: OverReplyKind = "interruption"
    after_s: float = 1.0
