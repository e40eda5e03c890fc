"""Babble: other people of the set talking at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.conditions.level import active_level_dbfs
from voicelab.errors import InputError

TALKERS = 6
"""How many talk at once: enough that no single voice can be followed (Simpson & Cooke 2005 found six to mask best)."""


@dataclass(frozen=True, slots=True)
class BabbleVoice:
    """A recording to make babble of. speaker: None where the set does not name one. clip: at SPEECH_RATE_HZ."""

    id: str
    speaker: str | None
    clip: Callable[[], Clip]


def babble(
    count: int, own: str, speaker: str | None, voices: Sequence[BabbleVoice], chance: np.random.Generator
) -> Clip:
    """`count` samples at SPEECH_RATE_HZ of six talkers, none of them the recording `own` nor its speaker.

    A talker says recordings of one speaker (where speakers are not named, of one recording) one after another in a
    drawn order, from a drawn place on; each recording is brought to the same active level. Where fewer than six are
    left, some talk twice. Raises InputError where none is left.
    """
    groups: dict[tuple[str, str], list[BabbleVoice]] = {}
    for voice in voices:
        if voice.id != own and (speaker is None or voice.speaker != speaker):
            key = ("speaker", voice.speaker) if voice.speaker is not None else ("recording", voice.id)
            groups.setdefault(key, []).append(voice)
    if not groups:
        raise InputError(f"babble for {own!r} is made of other speakers' recordings, and the set has none; take pink")
    keys = sorted(groups)
    order = [keys[place] for place in chance.permutation(len(keys))]
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
        for place in order:
            parts.append(_levelled(voices[place]))
            length += len(parts[-1])
            if len(parts) == 1:
                start = int(start_share * length)
            if length >= start + count:
                break
        if not length:
            raise InputError("babble is made of recordings that hold sound; these hold none")
    return np.concatenate(parts)[start : start + count]


def _levelled(voice: BabbleVoice) -> NDArray[np.float64]:
    clip = voice.clip()
    level_db = active_level_dbfs(clip)
    samples = clip.samples.astype(np.float64)
    return samples * 10 ** (-level_db / 20) if np.isfinite(level_db) else samples
