"""Babble noise from other speakers of the set."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.conditions.level import active_level_dbfs
from voicelab.errors import InputError

TALKERS = 6
"""Number of talkers: enough that none can be followed (Simpson & Cooke 2005 found maximum masking at six)."""


@dataclass(frozen=True, slots=True)
class BabbleVoice:
    """A recording used for babble. speaker: None if unknown. clip: at SPEECH_RATE_HZ."""

    id: str
    speaker: str | None
    clip: Callable[[], Clip]


def babble(
    count: int, own: str, speaker: str | None, voices: Sequence[BabbleVoice], chance: np.random.Generator
) -> Clip:
    """Return `count` samples at SPEECH_RATE_HZ of six talkers, without the recording `own` and its speaker.

    Each talker plays the recordings of one speaker (a single recording if speakers are unknown) in random order from a
    random position; each recording is scaled to the same active level. With fewer than six speakers, some are used
    twice. Raises InputError when no speaker remains.
    """
    groups: dict[tuple[str, str], list[BabbleVoice]] = {}
    for voice in voices:
        if voice.id != own and (speaker is None or voice.speaker != speaker):
            key = ("speaker", voice.speaker) if voice.speaker is not None else ("recording", voice.id)
            groups.setdefault(key, []).append(voice)
    if not groups:
        raise InputError(f"babble for {own!r} needs recordings of other speakers, and the set has none; use pink noise")
    keys = sorted(groups)
    order = [keys[index] for index in chance.permutation(len(keys))]
    total = np.zeros(count)
    for number in range(TALKERS):
        total += _talker(count, groups[order[number % len(order)]], chance)
    return Clip((total / TALKERS).astype(np.float32), SPEECH_RATE_HZ)


def _talker(count: int, voices: Sequence[BabbleVoice], chance: np.random.Generator) -> NDArray[np.float64]:
    order = chance.permutation(len(voices))
    start_share = float(chance.random())
    parts: list[NDArray[np.float64]] = []
    length, start = 0, 0
    while length < start + count:
        for index in order:
            parts.append(_levelled(voices[index]))
            length += len(parts[-1])
            if len(parts) == 1:
                start = int(start_share * length)
            if length >= start + count:
                break
        if not length:
            raise InputError("babble needs recordings that are not silent")
    return np.concatenate(parts)[start : start + count]


def _levelled(voice: BabbleVoice) -> NDArray[np.float64]:
    clip = voice.clip()
    level_db = active_level_dbfs(clip)
    samples = clip.samples.astype(np.float64)
    return samples * 10 ** (-level_db / 20) if np.isfinite(level_db) else samples
