"""Applies a condition to a clip and reports what was applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from voicelab.audio.clip import SPEECH_RATE_HZ, Clip
from voicelab.conditions import noise
from voicelab.conditions.babble import BabbleVoice, babble
from voicelab.conditions.codec import through_opus
from voicelab.conditions.condition import Condition
from voicelab.conditions.gain import amplify, fit
from voicelab.conditions.level import active_level_dbfs
from voicelab.conditions.randomness import generator
from voicelab.conditions.telephone import narrow


@dataclass(frozen=True, slots=True)
class Subject:
    """A recording to degrade. Its id determines noise and packet losses; its speaker is excluded from its babble."""

    id: str
    speaker: str | None
    clip: Clip


@dataclass(frozen=True, slots=True)
class DegradedAudio:
    """The degraded audio. scale_db: gain that was needed to stay within full scale, 0.0 or negative."""

    clip: Clip
    speech_dbfs: float
    scale_db: float
    packets: int | None = None
    lost: int | None = None
    kbps: float | None = None


def disturb(subject: Subject, condition: Condition, voices: Sequence[BabbleVoice] = ()) -> DegradedAudio:
    """Apply a condition to a clip. The result has the clip's rate and length; the input is not modified.

    voices: recordings for babble. Nothing is clipped: if speech, noise and gain together exceed full scale, all is
    scaled down, before and after Opus, and scale_db reports it. Raises InputError for noise over a silent recording,
    and for babble without other speakers.
    """
    clip = subject.clip
    speech_dbfs = active_level_dbfs(clip)
    if condition.noise is not None and condition.snr_db is not None:
        clip = noise.add(clip, noise_for(subject, condition, voices), condition.snr_db)
    if condition.gain_db is not None:
        clip = amplify(clip, condition.gain_db)
    if condition.telephone:
        clip = narrow(clip)
    clip, scale_db = fit(clip)
    if condition.bitrate_kbps is None:
        return DegradedAudio(clip, speech_dbfs, scale_db)
    chance = generator(condition.seed, "loss", subject.id)
    bitrate = round(1000 * condition.bitrate_kbps)
    received = through_opus(clip, bitrate, condition.channel, chance, fec=condition.fec)
    # A decoder may overshoot slightly.
    clip, again_db = fit(received.clip)
    return DegradedAudio(clip, speech_dbfs, scale_db + again_db, received.packets, received.lost, received.kbps)


def noise_for(subject: Subject, condition: Condition, voices: Sequence[BabbleVoice] = ()) -> Clip:
    """Return the unscaled noise for a recording: the same for one seed at every SNR, and as long as the recording.

    The noise is generated at 16 kHz and resampled to the clip's rate. It therefore lies in the recognizers' band, and
    an SNR has the same meaning for a 48 kHz recording.
    """
    clip = subject.clip
    wanted = -(-len(clip.samples) * SPEECH_RATE_HZ // clip.rate_hz) + SPEECH_RATE_HZ // 100
    chance = generator(condition.seed, str(condition.noise), subject.id)
    if condition.noise == "babble":
        made = babble(wanted, subject.id, subject.speaker, voices, chance)
    else:
        made = {"white": noise.white, "pink": noise.pink}[str(condition.noise)](wanted, chance)
    found = made.at_rate(clip.rate_hz)
    return Clip(found.samples[: len(clip.samples)], clip.rate_hz)
