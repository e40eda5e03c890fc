"""The condition that a sample names: noise and telephone band by voicelab's own conditions, and a room before them."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from making.room import heard_from_afar
from making.waveform import FRAME, RATE_HZ, Samples
from voicelab.audio.clip import Clip
from voicelab.conditions.babble import BabbleVoice
from voicelab.conditions.chain import Subject, degrade
from voicelab.conditions.condition import Condition

_TAIL_S = 0.3


def apply(sample: dict[str, Any], samples: Samples, rooms: dict[str, Any], talkers: Sequence[BabbleVoice]) -> Samples:
    """The recording under `sample["condition"]`; unchanged without one.

    A condition holds fields of voicelab's Condition, and `room`, a name in `rooms`. The room comes first; its gain_db
    is how much quieter speech from afar is.
    """
    wanted = dict(sample.get("condition", {}))
    room = wanted.pop("room", None)
    if room is not None:
        tail = np.zeros(round(_TAIL_S * RATE_HZ) // FRAME * FRAME, dtype=np.float32)
        samples = heard_from_afar(np.concatenate([samples, tail]), rooms[room])
        samples = samples * np.float32(10 ** (rooms[room]["gain_db"] / 20))
    if not wanted:
        return samples
    subject = Subject(sample["id"], sample["speaker"], Clip(samples, RATE_HZ))
    return degrade(subject, Condition.model_validate(wanted), talkers).clip.samples
